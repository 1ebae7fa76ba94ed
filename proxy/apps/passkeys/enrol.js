// Makes a passkey for approvals and shows its public half; nothing is sent anywhere.

import { keyId, text, url } from "/approvals/octets.js";

const outcome = document.getElementById("outcome");
const button = document.getElementById("enrol");

button.addEventListener("click", async () => {
  const person = document.getElementById("person").value;
  button.disabled = true;
  try {
    if (!/^[a-z][a-z0-9-]{0,31}$/.test(person)) {
      throw new Error("A handle is up to 32 small letters, digits and hyphens.");
    }
    const made = await navigator.credentials.create({
      publicKey: {
        challenge: crypto.getRandomValues(new Uint8Array(32)),
        rp: { id: location.hostname, name: "Approvals" },
        user: { id: text(person), name: person, displayName: person },
        pubKeyCredParams: [{ type: "public-key", alg: -8 }, { type: "public-key", alg: -7 }],
        authenticatorSelection: { userVerification: "required", residentKey: "preferred" },
        attestation: "none",
        timeout: 120000,
      },
    });
    const spki = made.response.getPublicKey();
    document.getElementById("enrolment").textContent =
      JSON.stringify({ public: url(spki), credential: made.id }, null, 1);
    outcome.textContent =
      `Save this as ${person}-passkey.json. Its fingerprint is ${await keyId(new Uint8Array(spki))}:` +
      " compare it with the roster before you sign that.";
  } catch (fault) {
    outcome.textContent = fault.message;
  }
  button.disabled = false;
});
