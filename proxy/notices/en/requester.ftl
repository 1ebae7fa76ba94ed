# Notices to requesters. None holds a value of the registrant, nor says whether one exists.

n0_step_up_requester =
    .version = 1
    .subject = { $domain }: confirm what you asked for
    .body =
        { hello-requester }

        On your page somebody asked to do something that binds you. If it was you, open this link within 30 minutes to confirm that you read this mailbox:

        { $link }

        If it was not you, do nothing: nothing happens then. Please tell us, so that we can look into it.

        { sign }

n1_acknowledgement =
    .version = 1
    .subject = { $domain }: we have your request
    .body =
        { hello-requester }

        We have your request and look at it in the order of our duties. { no-identity }

        { $items_count ->
            [0] As far as we see, it holds what we need. We may come back to you with questions.
           *[other] To be considered it must also hold:
        }

        { $items }

        You can add to it on your page, follow where it stands, ask for more time or withdraw it.

        { page-requester }

        What may follow: we check who you are and whether the request is founded. It may be refused, passed on to the registrant, or granted in whole or in part.

        { arbitration }

        { sign }

n2_missing_items =
    .version = 1
    .subject = { $domain }: what your request still lacks
    .body =
        { hello-requester }

        Your request can not be considered yet, because it lacks:

        { $items }

        Please add it by { $due }. If it does not come, the request may lapse without a decision; you can take it up again later. If you need more time, say so and why before then.

        { page-requester }

        { no-identity }

        { sign }

n2_contact_check =
    .version = 1
    .subject = { $domain }: did usable contact details reach you?
    .body =
        { hello-requester }

        The registrant says that they, or somebody for them, wrote to you and gave contact details that you can use. Please tell us on your page whether that is so, by { $due }.

        { page-requester }

        If we hear nothing until then, we may take it that the details reached you. If they did not, say what is missing; you may ask for more time or object there. A wrong answer may count against your request.

        { sign }

n4_requester_reminder =
    .version = 1
    .subject = { $domain }: something is still missing from your request
    .body =
        { hello-requester }

        We still wait for something from you. It should reach us by { $due }. What it is stands on your page. Without it the request may lapse, or may be decided on what we have. If you need more time, say so and why before then.

        { page-requester }

        { sign }

n6_delay =
    .version = 1
    .subject = { $domain }: our answer needs longer
    .body =
        { hello-requester }

        Our answer to your request needs longer than we said. You may expect it by { $due }. Why is on your page; there you can add to your request or object to the delay.

        { page-requester }

        { arbitration }

        { sign }

n7_interim =
    .version = 1
    .subject = { $domain }: where your request stands
    .body =
        { hello-requester }

        This is a reasoned interim answer. Your request was received and is being considered: those whom it concerns must be heard, and their interests and yours weighed, before data may be given or refused. We expect to decide by { $due }. { no-identity } The reasons at length are on your page, where you can add to your request.

        { page-requester }

        { sign }

n7_refused =
    .version = 1
    .subject = { $domain }: your request was refused
    .body =
        { hello-requester }

        We looked at your request and refuse it, for this reason:

        { $primary }

        Further reasons, where there are any, are on your page. { no-identity }

        { page-requester }

        { appeal } You can also make another request if the circumstances have changed, take legal advice, or turn to a court whose orders bind us.

        { arbitration }

        { sign }

n7_forwarded =
    .version = 1
    .subject = { $domain }: we passed your message on
    .body =
        { hello-requester }

        We passed your message on to the registrant and do nothing else about it for now. Whether they answer is up to them. You can write to them again through the contact that is published for the name. { no-identity } If you do not agree, say so on your page and why.

        { page-requester }

        { arbitration }

        { sign }

n7_redirected =
    .version = 1
    .subject = { $domain }: somebody else can deal with your request
    .body =
        { hello-requester }

        We are not the right place for your request. Please turn to:

        { $whom }

        We do nothing else about it. { no-identity } If you do not agree, say so on your page and why.

        { page-requester }

        { arbitration }

        { sign }

n7_resolved =
    .version = 1
    .subject = { $domain }: the registrant has turned to you
    .body =
        { hello-requester }

        The registrant gave us the assurances that we asked for and contacted you. The matter is now between the two of you; we give no data and do nothing to the name for this claim. If the contact details turn out to be of no use, tell us on your page: we may then look at it again.

        { page-requester }

        { arbitration }

        { sign }

n7_granted =
    .version = 1
    .subject = { $domain }: your request was granted
    .body =
        { hello-requester }

        We decided to give you data of these kinds:

        { $fields }

        It is not in this message. It may come as a sealed package, once those concerned had time to seek relief, and once you accept the terms of use: for this matter alone, kept safe, and erased by a set date. A court or a reconsideration may still stop it. If you asked for more than this, the rest is refused; the reasons are on your page.

        { page-requester }

        { appeal-page }

        { arbitration }

        { sign }

n7_deactivated =
    .version = 1
    .subject = { $domain }: the name was taken out of the DNS
    .body =
        { hello-requester }

        The name was taken out of the DNS. That can be undone and may be undone, for instance if the decision is reversed. No data is given by this. { no-identity }

        { page-requester }

        { appeal-page }

        { arbitration }

        { sign }

n7_privacy_released =
    .version = 1
    .subject = { $domain }: the privacy service for the name has ended
    .body =
        { hello-requester }

        The privacy service for this name has ended. What is public about it can be looked up in the directory (RDAP or WHOIS). We give nothing beyond that. If you do not agree, say so on your page and why.

        { page-requester }

        { arbitration }

        { sign }

n7_no_data =
    .version = 1
    .subject = { $domain }: we hold no such data
    .body =
        { hello-requester }

        We looked and found that we hold no data of the kind that you asked for about this name on that day. If you think that this is wrong, say so on your page and why.

        { page-requester }

        { arbitration }

        { sign }

n7_lapsed =
    .version = 1
    .subject = { $domain }: your request has lapsed
    .body =
        { hello-requester }

        What your request lacked did not come in time, and so it has lapsed. Nothing was decided about it. For some time you can take it up again on your page, which says until when; after that you may make a new one.

        { page-requester }

        { arbitration }

        { sign }

n7_withdrawn =
    .version = 1
    .subject = { $domain }: your request is closed
    .body =
        { hello-requester }

        You withdrew your request, and it is closed. Nothing was decided about it. If it was not you who withdrew it, tell us on your page or by mail. You may make a new request at any time.

        { page-requester }

        { arbitration }

        { sign }

n7_preserved =
    .version = 1
    .subject = { $domain }: what we hold is preserved
    .body =
        { hello-requester }

        What we hold that falls under your request, if anything, is preserved until { $until }. Nothing is given by this. To obtain data, serve us with legal process before then; a renewal may be asked for in time. { no-identity }

        { page-requester }

        { arbitration }

        { sign }

n7_challenged =
    .version = 1
    .subject = { $domain }: we object to the order
    .body =
        { hello-requester }

        We looked at the paper that was served on us and object to it, for this reason:

        { $primary }

        We ask for it to be mended, narrowed or withdrawn. Until then nothing is given. Our reasons at length are on your page, where you can answer them or ask for time. We may also bring the objection before the court or authority that issued the paper. { no-identity }

        { page-requester }

        { arbitration }

        { sign }

n7_process_wanted =
    .version = 1
    .subject = { $domain }: data is given on legal process only
    .body =
        { hello-requester }

        Without legal process we give no data. We can preserve what we hold, if anything, while you obtain it: ask for that on your page. A court order, a subpoena or another paper that binds us can be handed in there too, or served at our postal address below. It should name the domain name, the data, the law that it rests on, and whom we can call back through a number that is published. { no-identity }

        { page-requester }

        { arbitration }

        { sign }

n7_emergency_decided =
    .version = 1
    .subject = { $domain }: your emergency request was granted
    .body =
        { hello-requester }

        We treated your request as an emergency and granted it. Legal process must follow by { $process_due }; hand it in on your page. If it does not come, we may say so in later requests and to those who supervise you. The registrant may be told once the danger is over. What was given may be used for averting that danger alone.

        { page-requester }

        { arbitration }

        { sign }

n10_package =
    .version = 1
    .subject = { $domain }: a sealed package waits for you
    .body =
        { hello-requester }

        A sealed package waits for you. Read the terms of use, accept them, and collect it once, by { $due }:

        { $link }

        The link works once. Have the key or the pass-phrase at hand that was agreed with you by telephone. If you do not accept the terms, do not collect it: tell us why, or ask us by mail for time. If it is not collected in time the link dies, and a new decision may be needed.

        { sign }

n10_receipt =
    .version = 1
    .subject = { $domain }: we have your receipt
    .body =
        { hello-requester }

        We have your receipt for the package. By the terms that you accepted, you use the data for this matter alone, keep it safe, pass it on to a court, an authority or your counsel only, and erase it by the date that the package names. If data in it is wrong, lost or misused, tell us without delay. We may tell you later that it was corrected or must be erased; please act on it and confirm.

        { page-requester }

        { arbitration }

        { sign }

n10_expired =
    .version = 1
    .subject = { $domain }: the package was not collected
    .body =
        { hello-requester }

        The package was not collected in time. Its link is dead, and the package can not be opened any more. If you still need the data, say so on your page and why; a new decision may then be made. You can object there as well.

        { page-requester }

        { arbitration }

        { sign }

n11_appeal_requester =
    .version = 1
    .subject = { $domain }: how to have the decision looked at again
    .body =
        { hello-requester }

        We made a decision on your request; you find it with its reasons on your page.

        { page-requester }

        { appeal-page } It may be that there is no further reconsideration of this decision; your page says so then. Say what you think is wrong, and add what supports it. You can take legal advice and let a lawyer write for you. If nobody asks in time, the decision may become final.

        { arbitration }

        { sign }

n13_reconsidered_requester =
    .version = 1
    .subject = { $domain }: what came of the reconsideration
    .body =
        { hello-requester }

        People who took no part in the first decision looked at it again. This came of it:

        { $verdict }

        The reasons are on your page. You can turn to a court whose orders bind us, and take legal advice.

        { page-requester }

        { arbitration }

        { sign }

n14_correction =
    .version = 1
    .subject = { $domain }: data that you got must be corrected or erased
    .body =
        { hello-requester }

        Data in a package that you got from us was corrected, or must be erased. It is of these kinds:

        { $fields }

        What is to be done stands on your page, not in this message. Please do it without delay, tell those to whom you passed the data on, and confirm it there. If you may keep it because of a law or a pending proceeding, say so and why. Not to act may breach the terms that you accepted.

        { page-requester }

        { sign }
