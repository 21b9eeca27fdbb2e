import { inText, type SecretRule, token } from './rule.ts';

/** Keys of language model services and related ones, each in its issuer's documented format. */
export const AI_SERVICE_RULES: readonly SecretRule[] = [
  inText(
    'openai-key',
    'OpenAI: user, project, service account and admin keys',
    ['T3BlbkFJ'],
    /(?<=(?<![A-Za-z0-9])(sk-[A-Za-z0-9_-]{20,100}))T3BlbkFJ[A-Za-z0-9_-]{20,100}/y,
  ),
  token(
    'anthropic-key',
    'Anthropic: API, admin and OAuth keys',
    ['sk-ant-api', 'sk-ant-admin', 'sk-ant-oat'],
    '\\d\\d-[A-Za-z0-9_-]{80,130}',
  ),
  token('openrouter-key', 'OpenRouter: API keys', ['sk-or-v1-'], '[a-f0-9]{64}'),
  token('groq-key', 'Groq: API keys', ['gsk_'], '[A-Za-z0-9]{52}'),
  token('xai-key', 'xAI: API keys', ['xai-'], '[A-Za-z0-9]{80}'),
  token('perplexity-key', 'Perplexity: API keys', ['pplx-'], '[A-Za-z0-9]{48}'),
  token('replicate-token', 'Replicate: API tokens', ['r8_'], '[A-Za-z0-9]{37}'),
  token('langsmith-key', 'LangSmith: API keys', ['lsv2_'], '(?:pt|sk)_[a-f0-9]{32}_[a-f0-9]{10}'),
  token('deepseek-key', 'DeepSeek, and others after OpenAI: secret keys', ['sk-'], '[a-f0-9]{32}'),
  token(
    'openai-project-key',
    'OpenAI and services like it: project keys',
    ['sk-proj-', 'sk-svcacct-'],
    '[A-Za-z0-9_-]{40,200}',
  ),
  token('elevenlabs-key', 'ElevenLabs, and others: keys', ['sk_'], '[a-f0-9]{48}'),
  token('nvidia-key', 'NVIDIA: NGC and API keys', ['nvapi-'], '[A-Za-z0-9_-]{60,70}'),
  token(
    'fireworks-key',
    'Fireworks, Together: API keys',
    ['fw_', 'tgp_v1_'],
    '[A-Za-z0-9_-]{22,50}',
  ),
  token('tavily-key', 'Tavily: API keys', ['tvly-'], '[A-Za-z0-9-]{30,45}'),
];
