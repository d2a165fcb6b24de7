import { loadSettings } from '../src/start/load-settings';

const OWN = { SANDBOX_GATEWAY_SECRET: 'own-1', SANDBOX_SF_SECRET: 'own-2', SANDBOX_ZTO_KEY: 'own-3' };

describe('the settings', () => {
  it('start with nothing given, on loopback', () => {
    expect(loadSettings({})).toMatchObject({
      host: '127.0.0.1',
      sandbox: 'on',
      gatewaySecrets: ['sandbox-gateway-secret'],
    });
    expect(loadSettings({ HOST: 'localhost' })).toMatchObject({ host: 'localhost' });
    expect(loadSettings({ HOST: '::1' })).toMatchObject({ host: '::1' });
  });

  it.each([{ HOST: '0.0.0.0' }, { HOST: '::' }, { HOST: '10.0.0.7' }, { SANDBOX: 'off' }])(
    'refuse the default secrets with %j',
    (env) => {
      expect(() => loadSettings(env)).toThrow('SANDBOX_GATEWAY_SECRET, SANDBOX_SF_SECRET, SANDBOX_ZTO_KEY must be set');
      expect(loadSettings({ ...env, ...OWN })).toMatchObject({ sfSecret: 'own-2' });
    },
  );

  it('name only the secrets that are still the default, also one of several', () => {
    const env = { ...OWN, HOST: '0.0.0.0', SANDBOX_GATEWAY_SECRET: 'own-1, sandbox-gateway-secret' };
    expect(() => loadSettings(env)).toThrow('configuration: SANDBOX_GATEWAY_SECRET must be set');
  });

  it('take a sandbox on a public host when its secrets are not the default', () => {
    expect(loadSettings({ ...OWN, HOST: '0.0.0.0', SANDBOX: 'on' })).toMatchObject({ host: '0.0.0.0', sandbox: 'on' });
  });

  it('complain of everything at once', () => {
    expect(() => loadSettings({ PORT: 'x', LOG_LEVEL: 'loud' })).toThrow(/PORT must be .*; LOG_LEVEL must be /);
  });

  it('take proxies by address, network and name, and nothing else', () => {
    const TRUSTED_PROXIES = 'loopback, 10.0.0.0/8, 192.0.2.7, 2001:db8::/32';
    expect(loadSettings({ TRUSTED_PROXIES }).trustedProxies).toEqual(TRUSTED_PROXIES.split(', '));
    for (const wrong of ['proxy.example', '10.0.0.0/33', '10.0.0.0/8/8', '10.0.0.0/x', 'true', ',']) {
      expect(() => loadSettings({ TRUSTED_PROXIES: wrong })).toThrow('TRUSTED_PROXIES must be');
    }
  });
});
