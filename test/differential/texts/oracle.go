// Answers what the packages that Docker is made of make of a text: one JSON object a line in, one out.
// GO111MODULE=off GOPATH=/usr/share/gocode go build (Debian: golang-go, golang-github-docker-docker-dev)
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"github.com/containerd/platforms"
	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
	"github.com/moby/buildkit/frontend/dockerfile/shell"
	"github.com/moby/patternmatcher"
	"github.com/moby/patternmatcher/ignorefile"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"
)

type question struct {
	Kind   string
	Text   string
	Escape string
	Env    map[string]string
	Paths  []string
	Wanted v1.Platform
	Listed []v1.Platform
}

type line struct {
	Keyword  string
	Flags    []string
	Words    []string
	IsJSON   bool
	Heredocs [][2]string
}

func dockerfile(q question) (any, error) {
	parsed, err := parser.Parse(strings.NewReader(q.Text))
	if err != nil {
		return nil, err
	}
	if _, _, err := instructions.Parse(parsed.AST); err != nil {
		return nil, err
	}
	lines := []line{}
	for _, node := range parsed.AST.Children {
		one := line{strings.ToUpper(node.Value), node.Flags, []string{}, node.Attributes["json"], [][2]string{}}
		for word := node.Next; word != nil; word = word.Next {
			one.Words = append(one.Words, word.Value)
		}
		for _, doc := range node.Heredocs {
			content := doc.Content
			if doc.Chomp {
				content = parser.ChompHeredocContent(content)
			}
			one.Heredocs = append(one.Heredocs, [2]string{doc.Name, content})
		}
		lines = append(lines, one)
	}
	return lines, nil
}

func word(q question) (any, error) {
	return shell.NewLex(rune(q.Escape[0])).ProcessWordWithMap(q.Text, q.Env)
}

func ignored(q question) (any, error) {
	patterns, err := ignorefile.ReadAll(strings.NewReader(q.Text))
	if err != nil {
		return nil, err
	}
	matcher, err := patternmatcher.New(patterns)
	if err != nil {
		return nil, err
	}
	answers := []bool{}
	for _, path := range q.Paths {
		var info patternmatcher.MatchInfo
		is := false
		parts := strings.Split(path, "/")
		for depth := range parts {
			is, info, err = matcher.MatchesUsingParentResults(strings.Join(parts[:depth+1], "/"), info)
			if err != nil {
				return nil, err
			}
		}
		answers = append(answers, is)
	}
	return answers, nil
}

// platform gives the index of the entry that a runtime takes, -1 for none.
func platform(q question) (any, error) {
	only := platforms.Only(q.Wanted)
	best := -1
	for at, one := range q.Listed {
		if only.Match(one) && (best < 0 || only.Less(one, q.Listed[best])) {
			best = at
		}
	}
	return best, nil
}

func answer(q question) (value any, err error) {
	defer func() {
		if failed := recover(); failed != nil {
			err = fmt.Errorf("panic: %v", failed)
		}
	}()
	kinds := map[string]func(question) (any, error){
		"dockerfile": dockerfile, "word": word, "ignore": ignored, "platform": platform,
	}
	return kinds[q.Kind](q)
}

func main() {
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(make([]byte, 1<<20), 1<<24)
	out := json.NewEncoder(os.Stdout)
	for in.Scan() {
		var q question
		if err := json.Unmarshal(in.Bytes(), &q); err != nil {
			panic(err)
		}
		value, err := answer(q)
		if err != nil {
			out.Encode(map[string]any{"error": err.Error()})
		} else {
			out.Encode(map[string]any{"value": value})
		}
	}
}
