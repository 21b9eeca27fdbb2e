FROM @{base.maven} AS build
# A client of a few lines for the health check: the image has no shell and no curl.
COPY <<'JAVA' /health/Health.java
import java.net.HttpURLConnection;
import java.net.URI;

public class Health {
    public static void main(String[] words) throws Exception {
        HttpURLConnection asked = (HttpURLConnection) URI.create(words[0]).toURL().openConnection();
        asked.setConnectTimeout(2000);
        asked.setReadTimeout(2000);
        System.exit(asked.getResponseCode() < 500 ? 0 : 1);
    }
}
JAVA
RUN mkdir -p /out/health && javac -d /out/health /health/Health.java
WORKDIR /src
COPY . .
# Times in the jar are those of one moment, whenever it is built.
RUN --mount=type=cache,target=/root/.m2/repository \
    --mount=type=secret,id=settings.xml,target=/root/.m2/settings.xml \
    mvn --batch-mode --no-transfer-progress -DskipTests -Dproject.build.outputTimestamp=1980-02-01T00:00:00Z package \
 && cp @{jar} /out/app.jar

# A Java runtime alone: no compiler, no shell, no package manager.
FROM @{base.runtime}
LABEL org.opencontainers.image.title="@{name}"
WORKDIR /app
ENV PORT=@{port}
ENV @{secrets:env}
COPY --from=build /out/ ./
USER 65532:65532
EXPOSE @{port}
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s --retries=3 \
  CMD ["java", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-XX:-UsePerfData", "-Xmx16m", "-cp", "/app/health", "Health", "http://127.0.0.1:@{port}@{health}"]
ENTRYPOINT ["java", "-XX:MaxRAMPercentage=75", "-XX:-UsePerfData", "-XX:+ExitOnOutOfMemoryError"]
CMD ["-jar", "app.jar"]
