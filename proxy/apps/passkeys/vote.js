// A vote with a passkey: the challenge is computed here from the document that is shown.

import { fromHex, fromUrl, hex, keyId, sha256, text, url } from "/approvals/octets.js";

const order = location.pathname.split("/").pop();
const outcome = document.getElementById("outcome");
const buttons = { votes: document.getElementById("approve"), objections: document.getElementById("object") };

const say = (words) => { outcome.textContent = words; };

async function ask(path, body) {
  const request = body && {
    method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body),
  };
  const answer = await fetch(path, request);
  const facts = await answer.json();
  if (!answer.ok) throw new Error(facts.detail || facts.code);
  return facts;
}

// The passkeys of the roster, by credential: whose they are and their ids.
async function passkeys(roster) {
  const found = new Map();
  for (const member of roster.members) {
    for (const key of member.keys.filter((one) => one.kind === "webauthn")) {
      found.set(key.credential, { person: member.person, key: await keyId(fromUrl(key.public)) });
    }
  }
  return found;
}

async function sign(paper, what) {
  const roster = JSON.parse(paper.roster);
  const site = roster.relying_party[0];
  if (!site) throw new Error("The roster has no site for passkeys.");
  const digest = await sha256(text(paper.document));
  if (hex(digest) !== paper.sha256) throw new Error("The order is not what it says it is.");
  const challenge = what === "votes"
    ? await sha256(text("pp-approval-v1"), digest, fromHex(paper.nonce))
    : await sha256(text("pp-objection-v1"), digest);
  const known = await passkeys(roster);
  const made = await navigator.credentials.get({
    publicKey: {
      challenge,
      rpId: site.id,
      allowCredentials: [...known.keys()].map((id) => ({ type: "public-key", id: fromUrl(id) })),
      userVerification: "required",
      timeout: 120000,
    },
  });
  const whose = known.get(made.id);
  if (!whose) throw new Error("The roster does not know this passkey.");
  return {
    ...whose,
    signature: JSON.stringify({
      id: made.id,
      rawId: url(made.rawId),
      type: made.type,
      response: {
        clientDataJSON: url(made.response.clientDataJSON),
        authenticatorData: url(made.response.authenticatorData),
        signature: url(made.response.signature),
      },
    }),
  };
}

function offer(paper, what) {
  buttons[what].disabled = false;
  buttons[what].addEventListener("click", async () => {
    buttons[what].disabled = true;
    try {
      const answer = await ask(`/approvals/orders/${order}/${what}`, await sign(paper, what));
      say(what === "objections"
        ? "The order is stopped."
        : `Your vote is taken; so far: ${answer.approvals.map((one) => one.person).join(", ")}.`);
    } catch (fault) {
      say(fault.message);
      buttons[what].disabled = false;
    }
  });
}

try {
  const paper = await ask(`/approvals/orders/${order}`);
  if (paper.state === "open") {
    offer(paper, "votes");
    offer(paper, "objections");
  } else {
    say(`This order is ${paper.state}.`);
  }
} catch (fault) {
  say(fault.message);
}
