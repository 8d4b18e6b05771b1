import { distributionSource, parseAptSources } from '../src/apt-sources';

const DEB822 = `# a comment
Types: deb deb-src
URIs: https://mirror.example/debian
Suites: trixie trixie-updates
Components: main contrib
Signed-By: /usr/share/keyrings/archive.gpg

Enabled: no
Types: deb
URIs: https://off.example/debian
Suites: trixie
Components: main

Types: deb
URIs: https://embedded.example/apt
Suites: stable
Components: main
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 key
`;

const ONE_LINE = `# deb http://comment.example/debian trixie main
deb-src http://source.example/debian trixie main
deb [arch=amd64 signed-by=/keys/third.gpg] https://third.example/apt nodistro main
deb http://mirror.example/debian-security trixie-security main # and why
deb http://mirror.example/debian trixie main contrib
deb http://mirror.example/debian trixie contrib non-free
`;

test('deb822: a source for each URI, keyring or embedded key, without what is disabled', () => {
  expect(parseAptSources('debian.sources', DEB822)).toEqual([
    {
      uri: 'https://mirror.example/debian',
      suites: ['trixie', 'trixie-updates'],
      components: ['main', 'contrib'],
      signedBy: '/usr/share/keyrings/archive.gpg',
    },
    {
      uri: 'https://embedded.example/apt',
      suites: ['stable'],
      components: ['main'],
      signedBy: '\n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n key',
    },
  ]);
});

test('one-line style: options are optional, comments and source packages do not count', () => {
  expect(parseAptSources('sources.list', ONE_LINE)).toEqual([
    { uri: 'https://third.example/apt', suites: ['nodistro'], components: ['main'], signedBy: '/keys/third.gpg' },
    { uri: 'http://mirror.example/debian-security', suites: ['trixie-security'], components: ['main'], signedBy: null },
    { uri: 'http://mirror.example/debian', suites: ['trixie'], components: ['main', 'contrib'], signedBy: null },
    { uri: 'http://mirror.example/debian', suites: ['trixie'], components: ['contrib', 'non-free'], signedBy: null },
  ]);
});

test("the distribution's own archive is neither a third party's nor the security one, and has all its components", () => {
  const sources = parseAptSources('sources.list', ONE_LINE);
  expect(distributionSource(sources, ['trixie'])).toEqual({
    uri: 'http://mirror.example/debian',
    suites: ['trixie'],
    components: ['main', 'contrib', 'non-free'],
    signedBy: null,
  });
  expect(distributionSource(sources, ['bookworm'])).toBeNull();
});
