// Octets and texts as documents and passkeys need them. No network, no state.

export function url(octets) {
  const text = btoa(String.fromCharCode(...new Uint8Array(octets)));
  return text.replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

export function fromUrl(text) {
  const plain = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(plain, (letter) => letter.charCodeAt(0));
}

export function fromHex(text) {
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}

export function hex(octets) {
  return [...new Uint8Array(octets)].map((one) => one.toString(16).padStart(2, "0")).join("");
}

export async function sha256(...parts) {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return new Uint8Array(await crypto.subtle.digest("SHA-256", whole));
}

export const text = (words) => new TextEncoder().encode(words);

// A key's id, as ssh-keygen shows fingerprints.
export async function keyId(spki) {
  const digest = await sha256(spki);
  return "SHA256:" + btoa(String.fromCharCode(...digest)).replace(/=+$/, "");
}
