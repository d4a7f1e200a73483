// A provider of OpenID Connect for tests: node server.mjs PORT BACK AFTER ENDED.
// Whoever signs in with its forms is who they say; their groups are set by a
// POST to /test/groups.
import * as oidc from 'oidc-provider'

const [port, back, after, ended] = process.argv.slice(2)
const groups = new Map()

const provider = new oidc.Provider(`http://127.0.0.1:${port}`, {
  clients: [{
    client_id: 'sallyport', client_secret: 'a secret for tests only', redirect_uris: [back], post_logout_redirect_uris: [after],
    grant_types: ['authorization_code', 'refresh_token'], response_types: ['code'], backchannel_logout_uri: ended, backchannel_logout_session_required: true
  }],
  claims: { openid: ['sub', 'sid'], profile: ['name', 'preferred_username'], email: ['email'], groups: ['groups'] },
  scopes: ['openid', 'offline_access', 'profile', 'email', 'groups'],
  cookies: { keys: ['for tests only'] },
  features: { devInteractions: { enabled: true }, backchannelLogout: { enabled: true }, rpInitiatedLogout: { enabled: true } },
  pkce: { required: () => true },
  fetch: (url, { dispatcher, ...options }) => fetch(url, options), // it tells the site of ends, at this machine's own address
  ttl: { IdToken: 3600, AccessToken: 3600, AuthorizationCode: 60, RefreshToken: 86400, Session: 86400, Grant: 86400, Interaction: 600 },
  findAccount: (ctx, id) => ({
    accountId: id,
    claims: () => ({ sub: id, name: `Person ${id}`, preferred_username: id, email: `${id}@example.org`, groups: groups.get(id) || [] })
  })
})
provider.use(async (ctx, next) => {
  if (ctx.path !== '/test/groups') return next()
  groups.set(ctx.query.sub, ctx.query.groups ? ctx.query.groups.split(' ') : [])
  ctx.status = 204
})
provider.listen(Number(port), '127.0.0.1', () => console.log('ready'))
