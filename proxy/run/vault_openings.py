"""The openings of the vault for other processes, each behind its grant.

The order inside each: checks that open nothing, budget, ledger entry, opening, answer. All are
refused while the state is lost or the ledger in the database is not the one the vault signed, or
takes no batch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from proxy.run.vault_cases import Cases
from proxy.run.vault_census import Counting
from proxy.run.vault_deposits import Depositing
from proxy.run.vault_describe import Describing
from proxy.run.vault_evidence import EvidenceDesk
from proxy.run.vault_find import Finding
from proxy.run.vault_letters import Lettering
from proxy.run.vault_links import Linking
from proxy.run.vault_match import Matching
from proxy.run.vault_notice import Noticing
from proxy.run.vault_pass_phrase import PassPhrases
from proxy.run.vault_publish import Publishing
from proxy.run.vault_publish_end import Ending
from proxy.run.vault_read_back import ReadingBack
from proxy.run.vault_relay import Relaying
from proxy.run.vault_search import Searching
from proxy.vault.grants import Grant
from proxy.wire import frames

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from proxy.model.letter import LetterKind
    from proxy.run.vault_answers import Command
    from proxy.run.vault_cases import FindBook
    from proxy.run.vault_deposits import FindAgent
    from proxy.run.vault_letters import Kind
    from proxy.run.vault_rounds import Rooms
    from proxy.run.vault_search import Authenticate


class Openings:
    """Answers that hold something of a record."""

    def __init__(
        self,
        rooms: Rooms,
        *,
        authenticate: Authenticate,
        deployment: Callable[[], str],
        agent: FindAgent,
        book: FindBook,
        letters: Mapping[LetterKind, Kind] | None = None,
    ) -> None:
        """`authenticate` finds who signed, `deployment` and `agent` what the roster says.

        `book` makes the vault's memory of cases out of its state; `letters` are the kinds of
        letters that go out.
        """
        self._relaying = Relaying(rooms)
        self._searching = Searching(rooms, authenticate=authenticate, deployment=deployment)
        self._depositing = Depositing(rooms, agent=agent)
        self._counting = Counting(rooms)
        self._describing = Describing(rooms)
        cases = Cases(rooms, book)
        self._reading = EvidenceDesk(rooms, cases, authenticate=authenticate, deployment=deployment)
        self._matching = Matching(rooms, cases, authenticate=authenticate, deployment=deployment)
        self._noticing = Noticing(rooms, cases)
        self._lettering = Lettering(rooms, {} if letters is None else letters)
        self._linking = Linking(rooms, cases, self._lettering)
        self._reading_back = ReadingBack(rooms, deployment=deployment)
        self._finding = Finding(rooms, deployment=deployment)
        self._publishing = Publishing(rooms, cases, deployment=deployment)
        self._ending = Ending(rooms)
        self._telling = PassPhrases(rooms, authenticate=authenticate, deployment=deployment)

    async def end_overdue(self) -> None:
        """End deposits that nobody ended; see Depositing."""
        await self._depositing.end_overdue()

    def commands(self) -> dict[type, Command]:
        """What is answered here, and by what grant."""
        return {
            frames.Relay: (Grant.RELAY, self._relaying.relay),
            frames.Search: (Grant.SEARCH, self._searching.search),
            frames.ShowAgent: (Grant.DEPOSIT, self._depositing.show_agent),
            frames.BeginDeposit: (Grant.DEPOSIT, self._depositing.begin),
            frames.DepositKeys: (Grant.DEPOSIT, self._depositing.keys),
            frames.EndDeposit: (Grant.DEPOSIT, self._depositing.end),
            frames.CountPeople: (Grant.DEPOSIT, self._counting.count_people),
            frames.AreErased: (Grant.DEPOSIT, self._counting.are_erased),
            frames.DescribeCase: (Grant.PROPOSE, self._describing.describe),
            frames.ReadEvidence: (Grant.EVIDENCE, self._reading.read),
            frames.Match: (Grant.MATCH, self._matching.match),
            frames.Notice: (Grant.NOTICE, self._noticing.notice),
            frames.Letter: (Grant.LETTER, self._lettering.letter),
            frames.UseToken: (Grant.REGISTRANT, self._linking.use),
            frames.ShowSession: (Grant.REGISTRANT, self._linking.show),
            frames.ShowOwn: (Grant.REGISTRANT, self._linking.show_own),
            frames.ShowClaim: (Grant.REGISTRANT, self._linking.show_claim),
            frames.ReadBack: (Grant.READ_BACK, self._reading_back.read_back),
            frames.Find: (Grant.FIND, self._finding.find),
            frames.Instruct: (Grant.INSTRUCT, self._publishing.instruct),
            frames.Publish: (Grant.PUBLISH, self._publishing.publish),
            frames.EndPublication: (Grant.WITHDRAW, self._ending.end),
            frames.ShowPublication: (Grant.PUBLISH, self._ending.show),
            frames.ShowObjections: (Grant.PUBLISH, self._ending.objections),
            frames.PassPhrase: (Grant.RELEASE, self._telling.tell),
        }
