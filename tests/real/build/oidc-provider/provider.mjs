// An OpenID provider on the package oidc-provider: `node provider.mjs CONFIGURATION`, a JSON file that the harness writes
// (tests/real/stack/oidc_provider.py).
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { text } from 'node:stream/consumers';

import { Provider } from 'oidc-provider';

const given = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const people = new Map(Object.entries(given.people));
const scope = 'openid profile email groups offline_access';

// The RSA key says nothing about an algorithm, so that it serves RS256 and PS256 alike.
const keys = [
  ['rsa', { modulusLength: 2048 }],
  ['ec', { namedCurve: 'P-256' }],
  ['ed25519', {}],
].map(([type, options]) => ({
  ...generateKeyPairSync(type, options).privateKey.export({ format: 'jwk' }),
  kid: randomUUID(),
  use: 'sig',
}));

const provider = new Provider(given.issuer, {
  jwks: { keys },
  clients: given.clients,
  clientDefaults: {
    grant_types: ['authorization_code', 'refresh_token'],
    backchannel_logout_session_required: true,
  },
  clientAuthMethods: ['client_secret_basic', 'client_secret_post', 'none'],
  enabledJWA: { idTokenSigningAlgValues: ['RS256', 'PS256', 'ES256', 'EdDSA'] },
  cookies: { keys: [randomUUID()] },
  claims: {
    profile: ['name', 'preferred_username'],
    email: ['email', 'email_verified'],
    groups: ['groups'],
  },
  // A Kubernetes API server asks nobody: what it has to know is in the ID token.
  conformIdTokenClaims: false,
  findAccount: (_, name) =>
    people.has(name) ? { accountId: name, claims: () => ({ sub: name, ...people.get(name) }) } : undefined,
  pkce: { required: () => true },
  rotateRefreshToken: true,
  issueRefreshToken: (_, client) => client.grantTypeAllowed('refresh_token'),
  ttl: {
    AccessToken: given.lifetime,
    IdToken: given.lifetime,
    RefreshToken: 3600,
    AuthorizationCode: 60,
    Grant: 3600,
    Interaction: 600,
    Session: 3600,
  },
  features: {
    devInteractions: { enabled: false },
    revocation: { enabled: true },
    backchannelLogout: { enabled: true },
  },
  // The package calls no addresses of this machine unless it is told how.
  fetch: (url, options) => fetch(url, { ...options, dispatcher: undefined }),
  interactions: { url: (_, interaction) => `/sign-in/${interaction.uid}` },
  // Nobody is asked whether the application may know who they are.
  async loadExistingGrant({ oidc }) {
    const grant = new provider.Grant({ clientId: oidc.client.clientId, accountId: oidc.session.accountId });
    grant.addOIDCScope(scope);
    await grant.save();
    return grant;
  },
});

// The tests count by these lines.
for (const event of ['grant.success', 'grant.error', 'grant.revoked']) {
  provider.on(event, ({ oidc }) =>
    console.log(event, oidc.params?.grant_type, oidc.client?.clientId, oidc.account?.accountId ?? ''),
  );
}
provider.on('server_error', (_, error) => console.error(error));

async function signIn(request, response) {
  const { uid } = await provider.interactionDetails(request, response);
  if (request.method === 'POST') {
    const form = new URLSearchParams(await text(request));
    const name = form.get('username').split('@')[0];
    if (people.has(name) && form.get('password') === given.password) {
      await provider.interactionFinished(request, response, { login: { accountId: name } });
      return;
    }
  }
  response.setHeader('Content-Type', 'text/html');
  response.end(
    `<form method="post" action="/sign-in/${uid}"><input name="username"><input name="password" type="password"></form>`,
  );
}

const rest = provider.callback();
const tls = { cert: readFileSync(given.cert), key: readFileSync(given.key) };
const server = createServer(tls, (request, response) => {
  if (request.url.startsWith('/sign-in/')) {
    signIn(request, response).catch((error) => response.writeHead(400).end(error.message));
  } else {
    rest(request, response);
  }
});
server.listen(Number(new URL(given.issuer).port), '127.0.0.1');
