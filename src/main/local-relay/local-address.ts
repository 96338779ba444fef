import { networkInterfaces } from 'node:os'

const LOOPBACK = '127.0.0.1'
/** Virtual networks of containers and machines: nobody else is in them. */
const VIRTUAL = /^(docker|br-|veth|virbr|vmnet|vboxnet|utun|tun|tap)/

/** This computer's IPv4 address in its local network; loopback where it is in none. */
export function localNetworkAddress(interfaces = networkInterfaces()): string {
  for (const [name, addresses] of Object.entries(interfaces)) {
    if (VIRTUAL.test(name)) continue
    const found = addresses?.find(({ family, internal }) => family === 'IPv4' && !internal)
    if (found !== undefined) return found.address
  }
  return LOOPBACK
}
