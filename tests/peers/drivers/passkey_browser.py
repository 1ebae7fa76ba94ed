"""Headless Chromium with a virtual authenticator, told what to do line by line on stdin.

`enrol URL HANDLE` prints what the page shows as the enrolment; `vote URL` and `object URL` press a
button and print what the page says. Each answer is one line of JSON.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from playwright.sync_api import sync_playwright

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def outcome(page: Any) -> str:
    """What the page says, once it says something."""
    # Not wait_for_function: the pages' policy forbids evaluating text, for tests as well.
    page.locator("#outcome:not(:empty)").wait_for(state="attached")
    said: str = page.inner_text("#outcome")
    return said


def main(chromium: str) -> None:
    """Do as told until standard input ends."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        page = browser.new_context().new_page()
        faults: list[str] = []
        page.on("pageerror", lambda fault: faults.append(str(fault)))
        page.on("console", lambda said: faults.append(said.text) if said.type == "error" else None)
        session = page.context.new_cdp_session(page)
        session.send("WebAuthn.enable")
        options = {
            "protocol": "ctap2",
            "transport": "internal",
            "hasResidentKey": True,
            "hasUserVerification": True,
            "isUserVerified": True,
            "automaticPresenceSimulation": True,
        }
        made = session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
        for line in sys.stdin:
            word, *rest = line.split()
            answer: dict[str, str] = {}
            if word == "verified":
                session.send(
                    "WebAuthn.setUserVerified",
                    {
                        "authenticatorId": made["authenticatorId"],
                        "isUserVerified": rest[0] == "yes",
                    },
                )
            elif word == "enrol":
                page.goto(rest[0])
                page.fill("#person", rest[1])
                page.click("#enrol")
                answer = {"says": outcome(page), "enrolment": page.inner_text("#enrolment")}
            else:
                page.goto(rest[0])
                answer = {"words": page.inner_text("#words")}
                button = page.locator("#approve" if word == "vote" else "#object")
                page.locator("#approve:enabled, #outcome:not(:empty)").first.wait_for(
                    state="attached"
                )
                if button.is_enabled():
                    button.click()
                answer["says"] = outcome(page)
            print(json.dumps({**answer, "faults": faults}), flush=True)
            faults.clear()
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1])
