/** Name and version of the library behind `node:crypto`: Electron is linked with another one than Node. */
export function cryptoLibrary(): string {
  const { features, versions } = process
  const isBoringSsl = 'openssl_is_boringssl' in features && features.openssl_is_boringssl === true
  return isBoringSsl ? 'BoringSSL' : `OpenSSL ${versions.openssl}`
}
