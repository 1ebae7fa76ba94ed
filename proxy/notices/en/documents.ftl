# Texts that somebody signs or accepts. A version that was ever used stays as it is; new words are a
# new message with the next number. No line break but those between paragraphs: the text is hashed.

indemnity-1 =
    Promise to indemnify, for one claim

    This promise is made to { $office_name } by the registrant of the domain name { $domain }. It is for the one claim that is kept under the reference { $case }, and for no other.
    1. What I promise. If a court or a settlement that I agreed to makes { $office_name } pay because of this claim, and the reason is that the registrant of the domain name was not publicly named, I will make good what it has to pay and its reasonable costs of defence.
    2. What I do not promise. I do not answer for what { $office_name } brings about by its own fault, for claims about other names or other acts, or for what { $office_name } settles without having asked me.
    3. How we deal with it. { $office_name } tells me without delay when it wants to rely on this promise, shows me what it rests on, and lets me take part in the defence.
    4. What this is not. It is a promise by contract. It does not admit that the claim is true or that anything was done wrong. Rights that the law gives me and that can not be waived, as a consumer for instance, stay as they are.
    5. Who signs. I am the registrant, or I may sign for the registrant and can prove it; whoever signs is of age.
    6. How long it holds. It holds until the claim is settled or can not be brought any more. The text, its version and the time of signing are kept for as long.
    7. Advice. I could take legal advice before signing, ask for more time, or object instead.

contact_confirmation-1 =
    Confirmation that the complainant was contacted

    This is about the claim that is kept under the reference { $case }, concerning the domain name { $domain }.
    1. I confirm that I, or somebody who acts for me, wrote to the complainant about this claim.
    2. I confirm that the message gave the complainant contact details at which they can reach me, or a lawyer or other representative who acts for me in this matter.
    3. I add proof of it: a copy of the message and of its sending, or a message that { $office_name } passed on for me.
    4. I know that the complainant will be asked whether it arrived and may say that it did not. Then it is looked at again; that alone is held against nobody.
    5. What I confirm is true to the best of my knowledge. It does not admit that the claim is true.

terms_of_use-1 =
    You receive data about a person for one matter, the case that the package names.
    1. Use the data for that matter only: to make, answer or settle the claim, or in the proceedings that the order names. Do not use it for marketing, profiling or contact about anything else.
    2. Do not publish the data and do not pass it on, except to a court, an authority, or counsel who acts for you in the matter and accepts these terms.
    3. Keep the data encrypted or under lock, for those alone who work on the matter.
    4. Destroy the data and all copies by the delete-by date of the package, unless a law or a pending proceeding obliges you to keep it; then as soon as that ends.
    5. Tell us without delay of any loss, misuse or unauthorised access, and of any error that you find.
    6. When we tell you that data was corrected or must be erased, act on it and confirm.
    7. Every copy bears a mark of its own. You answer to the person concerned and to us for what is done with yours.
