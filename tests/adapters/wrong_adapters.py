"""Adapters that are wrong, each in one way, and the rule that must find it out."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final
from uuid import uuid4

from typing_extensions import override

from proxy.model.identifiers import Role
from proxy.model.registrar import Answer, Declined, EffectId, Observed, Outcome, Reason
from registrar_adapters.base import Change, Sent, Wanted, of_mask
from registrar_adapters.reference import ReferenceAdapter

if TYPE_CHECKING:
    from collections.abc import Mapping

    from proxy.model.contact import Contact
    from proxy.model.identifiers import DomainName
    from proxy.model.public_record import PublicContact
    from proxy.model.registrar import ContactHandle, Effect, Lock

UPDATE: Final = "clientUpdateProhibited"


class ForgetsTheUpdateLock(ReferenceAdapter):
    """Lifts the update lock and leaves it off."""

    @override
    async def _change(
        self, domain: DomainName, change: Change, revision: str | None
    ) -> Sent | Declined:
        if change.add == {UPDATE}:
            return Sent.DONE
        kept = replace(change, add=change.add - {UPDATE}) if change.item else change
        return await super()._change(domain, kept, revision)


class LeavesTheLockOffAfterARefusal(ReferenceAdapter):
    """Sets the update lock again on success alone."""

    @override
    async def _end(
        self,
        effect: Effect,
        now: Observed,
        answer: Answer,
        removed: frozenset[str] = frozenset(),
    ) -> Answer:
        return answer


class TrustsOurCasesAlone(ReferenceAdapter):
    """Does not hear what the registrar says of a UDRP case."""

    @override
    async def _look(self, domain: DomainName) -> Observed | Declined:
        found = await super()._look(domain)
        return replace(found, is_disputed=None) if isinstance(found, Observed) else found


class TrustsTheRegistrarAlone(ReferenceAdapter):
    """Does not hear what our own cases say."""

    @override
    async def _carry_out(self, effect: Effect, wanted: Wanted) -> Answer:
        return await super()._carry_out(replace(effect, is_under_udrp_lock=False), wanted)


class NothingIsBarred(ReferenceAdapter):
    """Takes a hold for harmless under a UDRP lock."""

    @override
    async def _carry_out(self, effect: Effect, wanted: Wanted) -> Answer:
        return await super()._carry_out(effect, replace(wanted, is_barred=False))


class EverythingIsBarred(ReferenceAdapter):
    """Does not let the name resolve again under a UDRP lock."""

    @override
    async def _carry_out(self, effect: Effect, wanted: Wanted) -> Answer:
        return await super()._carry_out(effect, replace(wanted, is_barred=True))


class TakesEveryHoldBack(ReferenceAdapter):
    """Takes the registrar's own hold for ours."""

    @override
    async def unhold(self, effect: Effect, before: frozenset[str]) -> Answer:
        return await super().unhold(effect, frozenset())


class TakesEveryLockBack(ReferenceAdapter):
    """Takes the registrar's own locks for ours."""

    @override
    async def unlock(
        self, effect: Effect, locks: frozenset[Lock], before: frozenset[str]
    ) -> Answer:
        return await super().unlock(effect, locks, frozenset())


class PutsBackTheOldStatuses(ReferenceAdapter):
    """Makes the statuses what they were, whatever others did meanwhile."""

    @override
    async def unhold(self, effect: Effect, before: frozenset[str]) -> Answer:
        change = Change(remove=self.settable | {"serverRenewProhibited"}, key=effect.id)
        return await self._carry_out(effect, Wanted(change=change, is_barred=False))

    @override
    def _supports(self, change: Change) -> bool:
        return True


class RemembersBetweenCalls(ReferenceAdapter):
    """Keeps in itself which lock it lifted, and so forgets it with a crash."""

    @override
    async def _carry_out(self, effect: Effect, wanted: Wanted) -> Answer:
        now = await self._look(effect.domain)
        seen = now.statuses if isinstance(now, Observed) else effect.seen
        return await super()._carry_out(replace(effect, seen=seen), wanted)


class NewIdEachTime(ReferenceAdapter):
    """Sends another key at every attempt."""

    @override
    async def _change(
        self, domain: DomainName, change: Change, revision: str | None
    ) -> Sent | Declined:
        fresh = None if change.key is None else EffectId(uuid4())
        return await super()._change(domain, replace(change, key=fresh), revision)


class TakesSilenceForSuccess(ReferenceAdapter):
    """Hears no answer and says that it is done."""

    @override
    async def _change(
        self, domain: DomainName, change: Change, revision: str | None
    ) -> Sent | Declined:
        sent = await super()._change(domain, change, revision)
        is_silent = isinstance(sent, Declined) and sent.reason is Reason.UNREACHABLE
        return Sent.DONE if is_silent else sent


class TakesPendingForDone(ReferenceAdapter):
    """Reads 1001 as 1000."""

    @override
    async def _change(
        self, domain: DomainName, change: Change, revision: str | None
    ) -> Sent | Declined:
        sent = await super()._change(domain, change, revision)
        return Sent.DONE if sent is Sent.PENDING else sent


class MasksEveryRole(ReferenceAdapter):
    """Does more than was asked."""

    @override
    async def apply_mask(
        self, effect: Effect, roles: frozenset[Role], mask: PublicContact
    ) -> Answer:
        return await super().apply_mask(effect, frozenset(Role), mask)


class ForgetsTheMaskHalfWay(ReferenceAdapter):
    """Masks one role after the other with the same key: the second is taken for a repeat."""

    @override
    async def apply_mask(
        self, effect: Effect, roles: frozenset[Role], mask: PublicContact
    ) -> Answer:
        answer = Answer(effect_id=effect.id, outcome=Outcome.ALREADY)
        for role in sorted(roles):
            change = Change(roles=frozenset({role}), item=of_mask(mask), key=effect.id)
            answer = await self._carry_out(effect, Wanted(change=change, is_barred=True))
        return answer


class KeepsThePerson(ReferenceAdapter):
    """Holds on to the contact it was handed."""

    last: list[Contact | ContactHandle]

    @override
    async def restore(
        self, effect: Effect, roles: frozenset[Role], item: Contact | ContactHandle
    ) -> Answer:
        self.last = [item]
        return await super().restore(effect, roles, item)


class TriesForEver(ReferenceAdapter):
    """Sends a change at every call, whether it stands or not."""

    @override
    async def hold(self, effect: Effect) -> Answer:
        change = Change(add=frozenset({"clientHold"}), key=effect.id)
        await self._change(effect.domain, change, None)
        return await super().hold(effect)


class SaysNotHowLong(ReferenceAdapter):
    """Drops the seconds to wait."""

    @override
    async def _change(
        self, domain: DomainName, change: Change, revision: str | None
    ) -> Sent | Declined:
        sent = await super()._change(domain, change, revision)
        return Declined(reason=sent.reason) if isinstance(sent, Declined) else sent


class LiftsLocksNobodySaw(ReferenceAdapter):
    """Takes what it sees itself for what the caller has stored."""

    @override
    async def _carry_out(self, effect: Effect, wanted: Wanted) -> Answer:
        seen = effect.seen | {UPDATE}
        return await super()._carry_out(replace(effect, seen=seen), wanted)


class HidesStatuses(ReferenceAdapter):
    """Shows the statuses that a client may set, and no others."""

    @override
    async def read(self, domain: DomainName) -> Observed | Declined:
        found = await super().read(domain)
        if isinstance(found, Declined):
            return found
        return replace(found, statuses=found.statuses & self.settable)


class CallsEveryNoAFailure(ReferenceAdapter):
    """Has the caller try for ever what is not to be."""

    @override
    async def _carry_out(self, effect: Effect, wanted: Wanted) -> Answer:
        answer = await super()._carry_out(effect, wanted)
        no = Declined(reason=Reason.UNREACHABLE)
        return answer if answer.declined is None else replace(answer, declined=no)


class KnowsNoContacts(ReferenceAdapter):
    """Says that there are no contacts where there are."""

    contact_roles = frozenset()


CAUGHT_BY: Final[Mapping[type[ReferenceAdapter], str]] = {
    ForgetsTheUpdateLock: "every_act_does_what_it_says_and_no_more",
    LeavesTheLockOffAfterARefusal: "the_update_lock_stands_after_a_refusal",
    TrustsOurCasesAlone: "the_registrars_word_of_a_udrp_lock_is_enough",
    TrustsTheRegistrarAlone: "our_case_of_a_udrp_lock_is_enough",
    NothingIsBarred: "our_case_of_a_udrp_lock_is_enough",
    EverythingIsBarred: "a_udrp_lock_lets_the_name_resolve_and_be_locked",
    TakesEveryHoldBack: "a_hold_taken_back_leaves_the_statuses_before_it",
    TakesEveryLockBack: "a_lock_taken_back_leaves_the_statuses_before_it",
    PutsBackTheOldStatuses: "what_others_set_meanwhile_stays",
    RemembersBetweenCalls: "trouble_at_any_step_leaves_nothing_half_done",
    NewIdEachTime: "a_late_repeat_undoes_nothing",
    TakesSilenceForSuccess: "a_lost_answer_is_no_success",
    TakesPendingForDone: "what_is_pending_is_not_sent_again",
    MasksEveryRole: "every_act_does_what_it_says_and_no_more",
    ForgetsTheMaskHalfWay: "every_act_does_what_it_says_and_no_more",
    KeepsThePerson: "no_person_is_kept_or_told",
    TriesForEver: "what_stands_is_not_done_again",
    SaysNotHowLong: "a_rate_limit_says_how_long",
    HidesStatuses: "read_shows_what_stands",
    CallsEveryNoAFailure: "statuses_of_the_registry_forbid_changes",
    KnowsNoContacts: "what_a_registrar_has_not_is_unsupported",
    LiftsLocksNobodySaw: "a_lock_nobody_saw_is_not_lifted",
}
