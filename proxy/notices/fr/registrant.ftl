# Avis aux titulaires.

n0_step_up_registrant =
    .version = 1
    .subject = { $domain } : confirmez ce que vous avez demandé
    .body =
        { hello-registrant }

        Sur votre page, quelqu’un a voulu faire une chose qui vous engage. Si c’était vous, ouvrez ce lien dans les 30 minutes pour confirmer que vous lisez cette boîte aux lettres :

        { $link }

        Si ce n’était pas vous, ne faites rien : rien ne se passe alors. Dites-le-nous, s’il vous plaît, pour que nous puissions examiner l’affaire.

        { sign }

n3_demand =
    .version = 1
    .subject = { $domain } : une prétention contre nous, et ce que nous vous demandons dans un délai fixé
    .body =
        { hello-registrant }

        Quelqu’un menace d’une action en justice, ou en a engagé une, qui nous met en cause parce que le titulaire de { $domain } n’est pas nommé publiquement. Dans cette affaire, nous n’avons communiqué vos données à personne. Nous n’avons pas constaté que la prétention est fondée, et ce message ne vous accuse de rien.

        Nos conditions nous permettent de vous demander deux assurances. Elles sont distinctes, et chacune est examinée pour elle-même :

        1. Votre promesse de nous garantir pour cette seule prétention, sur le formulaire présenté sur votre page.

        2. Votre confirmation écrite que vous avez pris contact avec la partie plaignante et lui avez donné des coordonnées, les vôtres ou celles d’un avocat, avec une preuve. Un message que nous transmettons pour vous vaut preuve.

        Votre délai de réponse commence quand ce message vous est parvenu. Un autre message indique alors l’instant exact où il prend fin, et votre page aussi.

        La prétention, sans ce qui est confidentiel pour la partie plaignante, figure sur votre page. Vous pouvez y choisir :

        A. Donner les deux assurances.
        B. Vous opposer, avec vos raisons et ce qui les appuie.
        C. Nous laisser nommer à la partie plaignante un avocat ou un autre contact à vous.
        D. Mettre fin vous-même au service de confidentialité pour ce nom, ce qui rend vos données publiques.
        E. Abandonner le nom de domaine, s’il n’est ni verrouillé ni retenu pour une procédure.
        F. Nous dire qu’une divulgation vous mettrait, vous ou d’autres, en danger.

        { page-registrant }

        Ce qui peut suivre : si le temps passe et qu’une assurance manque, rien ne se produit automatiquement. Des personnes examinent alors vos raisons et la prétention. Elles peuvent constater un manquement aux conditions, ou n’en constater aucun. Si elles en constatent un, elles peuvent vous donner plus de temps, donner à la partie plaignante le contact que vous avez désigné, lui donner des coordonnées à vous, retirer le nom de domaine du DNS pour un temps, ou ne rien faire. Chacune de ces mesures serait une décision à part, motivée, et nous vous en avertirions avant son exécution, à moins qu’une loi ne l’interdise.

        Si le délai est trop court, demandez-en un plus long avant qu’il n’expire, en disant pourquoi. Vous pouvez d’abord demander un conseil juridique ; ce message n’en est pas un. Ce que vous écrivez est pris en compte avant toute décision. Promettre une garantie n’est pas un aveu, et ne pas la promettre ne prouve rien à soi seul.

        { arbitration }

        { sign }

n3_demand_post =
    .version = 1
    .subject = { $domain } : une lettre de notre part est en route
    .body =
        { hello-registrant }

        Un message important sur ce nom n’a pas pu vous être remis par courriel. Nous l’envoyons donc aussi par la poste à l’adresse que nous avons pour vous. Quelqu’un élève une prétention, et nous vous demandons de répondre. Votre délai commence quelques jours après la remise de la lettre à la poste, ou quand il est prouvé qu’un message vous est parvenu ; votre page indique l’instant exact où il prend fin.

        { confirm-receipt }

        Vous pourrez ensuite lire tout le message, vous opposer, demander plus de temps en disant pourquoi, ou désigner un avocat. Vous pouvez d’abord demander un conseil juridique. Si personne ne répond, des personnes pourront décider sans connaître votre point de vue ; le seul passage du temps ne décide de rien.

        { sign }

n3_notice =
    .version = 1
    .subject = { $domain } : quelqu’un demande qui est titulaire de ce nom
    .body =
        { hello-registrant }

        Quelqu’un qui se dit touché dans un de ses droits nous demande des données sur le titulaire de { $domain }. Dans cette affaire, rien n’a été communiqué, et rien n’est décidé. La demande porte sur :

        { $fields }

        La demande et la raison qu’elle indique figurent sur votre page. Votre délai de réponse commence quand ce message vous est parvenu. Un autre message indique alors l’instant exact où il prend fin, et votre page aussi.

        { page-registrant }

        { options-registrant }

        Ce qui peut suivre : des personnes mettent la demande en balance avec vos intérêts et vos droits. Elles peuvent la refuser, ne transmettre qu’un message, ou communiquer tout ou partie de ces données au seul demandeur, pour l’affaire dont il s’agit. Nous vous en avertirions avant toute communication, à moins qu’une loi ne l’interdise. Si vous ne répondez pas, la décision se prend sur ce que nous savons ; le silence ne vaut ni consentement ni aveu.

        { sign }

n3_order_notice =
    .version = 1
    .subject = { $domain } : un acte nous ordonnant de communiquer des données nous a été signifié
    .body =
        { hello-registrant }

        Un acte nous a été signifié qui peut nous obliger à communiquer des données sur le titulaire de { $domain }. Il est de cette nature :

        { $instrument }

        Il porte sur :

        { $fields }

        En vertu de cet acte, rien n’a encore été communiqué. Vous pouvez demander au tribunal ou à l’autorité dont il émane de l’annuler, de le restreindre ou de protéger les données. Si vous le faites, envoyez-nous-en la preuve ; nous pourrons alors attendre la décision. Votre délai de réponse commence quand ce message vous est parvenu. Un autre message indique alors l’instant exact où il prend fin, et votre page aussi.

        { page-registrant }

        { options-registrant }

        Ce qui peut suivre : si l’acte est valable et qu’aucun tribunal ne l’arrête, nous pourrons avoir à communiquer ce qu’il désigne, et rien de plus. S’il n’est pas valable, nous pourrons le refuser ou le contester.

        { sign }

n3_window =
    .version = 1
    .subject = { $domain } : votre délai de réponse a commencé
    .body =
        { hello-registrant }

        Notre demande vous est parvenue, et votre délai court donc.

        Dites-nous, s’il vous plaît, ce que vous comptez faire avant cet instant : { $intent_due }.

        Les deux assurances, la promesse de garantie et la confirmation que vous avez pris contact avec la partie plaignante, devraient nous parvenir avant cet instant : { $assurances_due }.

        { page-registrant }

        { options-registrant }

        Si le temps passe et qu’une assurance manque, rien ne se produit automatiquement. Des personnes examinent alors vos raisons et la prétention. Elles peuvent constater un manquement aux conditions ou aucun ; des données peuvent être communiquées à la partie plaignante, ou le nom peut être retiré du DNS, chaque fois par une décision à part, ou il peut ne rien s’ensuivre.

        { sign }

n3_time_runs =
    .version = 1
    .subject = { $domain } : votre délai de réponse a commencé
    .body =
        { hello-registrant }

        Notre avis vous est parvenu, et votre délai court donc. Votre réponse devrait nous parvenir avant cet instant : { $due }.

        { page-registrant }

        { options-registrant }

        Si le temps passe, des personnes pourront décider sans connaître votre point de vue. Le seul passage du temps ne décide de rien.

        { sign }

n4_reminder =
    .version = 1
    .subject = { $domain } : votre réponse est encore attendue
    .body =
        { hello-registrant }

        Nous vous avons écrit au sujet d’une demande qui vous concerne. Votre réponse est encore attendue et devrait nous parvenir avant cet instant : { $due }.

        { page-registrant }

        { options-registrant }

        Si le temps passe, des personnes pourront décider sans connaître votre point de vue. Le seul passage du temps ne décide de rien.

        { sign }

n5_final_reminder =
    .version = 1
    .subject = { $domain } : dernier rappel avant la fin de votre délai de réponse
    .body =
        { hello-registrant }

        Ceci est notre dernier rappel. Votre réponse devrait nous parvenir avant cet instant : { $due }. S’il vous faut plus de temps, demandez-le avant, en disant pourquoi.

        { page-registrant }

        { options-registrant }

        Ensuite, des personnes pourront décider sur ce qu’elles savent. Un manquement aux conditions peut être constaté ou non ; des données peuvent être communiquées au demandeur ou non. Le seul passage du temps ne décide de rien.

        { sign }

n6_extended =
    .version = 1
    .subject = { $domain } : vous avez plus de temps pour répondre
    .body =
        { hello-registrant }

        Vous avez plus de temps. Votre réponse devrait maintenant nous parvenir avant cet instant : { $due }.

        { page-registrant }

        { options-registrant }

        Si ce temps passe, des personnes pourront décider sans connaître votre point de vue.

        { sign }

n6_no_more_time =
    .version = 1
    .subject = { $domain } : votre délai de réponse reste le même
    .body =
        { hello-registrant }

        Vous avez demandé plus de temps. Nous avons examiné vos raisons et ne pouvons pas l’accorder. Votre réponse devrait comme auparavant nous parvenir avant cet instant : { $due }. Les raisons figurent sur votre page.

        { page-registrant }

        { options-registrant }

        Si le temps passe, des personnes pourront décider sans connaître votre point de vue. Le seul passage du temps ne décide de rien.

        { arbitration }

        { sign }

n8_prerelease =
    .version = 1
    .subject = { $domain } : des données sur vous pourront être communiquées au demandeur
    .body =
        { hello-registrant }

        Après examen de la demande et de ce que vous nous avez dit, des personnes ont décidé ici que ces données seraient communiquées au demandeur, et à nul autre :

        { $fields }

        Elles ne seront pas communiquées avant cet instant : { $release_not_before }. Les raisons figurent sur votre page.

        { page-registrant }

        { appeal-page } Si vous le demandez avant que les données ne soient communiquées, elles ne le sont pas tant qu’il n’a pas été statué. Vous pouvez aussi saisir entre-temps un tribunal, et demander un conseil juridique ; ce message n’en est pas un.

        { arbitration }

        { sign }

n8_shortened =
    .version = 1
    .subject = { $domain } : des données sur vous pourront être communiquées plus tôt qu’annoncé
    .body =
        { hello-registrant }

        Un tribunal ou une autorité a fixé une date qui tombe avant la fin du délai que nous vous avons indiqué, ou que nous vous aurions indiqué. Ces données pourront donc être communiquées avant :

        { $fields }

        Elles vont à qui l’ordre désigne, et à nul autre. La date et les raisons figurent sur votre page. Si vous voulez demander au tribunal ou à l’autorité de l’arrêter, ou à nous de le réexaminer, faites-le aussitôt et envoyez-nous-en la preuve : tant que rien n’a été communiqué, cela peut encore être arrêté. Vous pouvez demander un conseil juridique ; ce message n’en est pas un.

        { page-registrant }

        { arbitration }

        { sign }

n8_predeactivation =
    .version = 1
    .subject = { $domain } : le nom pourra être retiré du DNS
    .body =
        { hello-registrant }

        Après examen de la prétention et de ce que vous nous avez dit, des personnes ont décidé ici que { $domain } serait retiré du DNS. Les pages web, le courriel et tout le reste sous ce nom ne fonctionneraient plus. Cela peut être défait, et le nom reste à vous. Par cette décision, aucune donnée n’est communiquée à personne.

        Cela ne se fera pas avant cet instant : { $deactivation_not_before }. Les raisons figurent sur votre page.

        { page-registrant }

        { appeal-page } Si vous le demandez avant que cela ne soit fait, cela ne se fait pas tant qu’il n’a pas été statué. Vous pouvez aussi saisir entre-temps un tribunal, et demander un conseil juridique ; ce message n’en est pas un. Si vous pouvez encore donner ce qui vous a été demandé, faites-le maintenant : il en sera tenu compte.

        { arbitration }

        { sign }

n8_breach =
    .version = 1
    .subject = { $domain } : un manquement aux conditions a été constaté
    .body =
        { hello-registrant }

        Deux personnes ont constaté que les assurances que nous vous avions demandées n’ont pas été fournies, et qu’il y a là un manquement aux conditions du service de confidentialité. Les raisons figurent sur votre page. Dans cette affaire, rien n’a été communiqué à personne, et le nom n’a pas été touché. Ce qui s’ensuit, s’il s’ensuit quelque chose, serait une décision à part ; nous pourrons vous en avertir avant son exécution.

        { page-registrant }

        { options-registrant }

        { appeal-page }

        { arbitration }

        { sign }

n8_no_breach =
    .version = 1
    .subject = { $domain } : aucun manquement aux conditions n’a été constaté
    .body =
        { hello-registrant }

        Nous avons examiné si les assurances que nous vous avions demandées sont dues, et n’avons constaté aucun manquement aux conditions. Dans cette affaire, rien n’a été communiqué à personne, et le nom n’a pas été touché. Si la prétention se poursuit, nous pourrons vous écrire de nouveau. Les raisons figurent sur votre page, où vous pouvez aussi vous opposer, demander du temps ou désigner un avocat.

        { page-registrant }

        { arbitration }

        { sign }

n8_refused =
    .version = 1
    .subject = { $domain } : la demande sur votre nom a été refusée
    .body =
        { hello-registrant }

        La demande sur { $domain } au sujet de laquelle nous vous avions écrit a été refusée. Dans cette affaire, rien n’a été communiqué, et le nom n’a pas été touché. Le demandeur peut demander un réexamen ou saisir un tribunal ; si cela vous concerne, nous pourrons vous écrire de nouveau, et vous pourrez alors vous opposer comme auparavant. Vous n’avez rien à faire.

        { confirm-receipt }

        { arbitration }

        { sign }

n8_resolved =
    .version = 1
    .subject = { $domain } : les deux assurances sont satisfaisantes
    .body =
        { hello-registrant }

        Les deux assurances que vous avez données ont été jugées satisfaisantes. Pour cette prétention nous ne communiquons pas de données et ne faisons rien au nom : l’affaire est entre vous et la partie plaignante. Nous conservons la promesse de garantie et pourrons regarder encore une fois, dans quelques semaines, si l’affaire en reste là. Une nouvelle prétention serait une nouvelle affaire, dont vous entendriez parler par nous. Vous n’avez rien à faire.

        { confirm-receipt }

        { arbitration }

        { sign }

n9_disclosed =
    .version = 1
    .subject = { $domain } : des données sur vous ont été communiquées à quelqu’un
    .body =
        { hello-registrant }

        Des données sur vous ont été communiquées. Elles relèvent de ces catégories :

        { $fields }

        Elles sont allées à :

        { $recipient }

        La raison pour laquelle elles ont été communiquées :

        { $basis }

        { data-elsewhere } Sur votre page vous voyez ce qui a été communiqué, et les conditions que le destinataire a acceptées : ne s’en servir que pour cette affaire, les garder en sûreté, et les effacer avant une date fixée. Si vous pensez qu’il en a été fait mauvais usage, ou qu’elles sont fausses, dites-le-nous là. Vous pouvez vous opposer à tout usage ultérieur, demander du temps pour exposer votre point de vue, et demander un conseil juridique ; ce message n’en est pas un.

        { page-registrant }

        { arbitration }

        { sign }

n9_deactivated =
    .version = 1
    .subject = { $domain } : le nom a été retiré du DNS
    .body =
        { hello-registrant }

        { $domain } a été retiré du DNS. Les pages web, le courriel et tout le reste sous ce nom peuvent ne plus fonctionner maintenant. Cela peut être défait, et le nom reste à vous. De ce fait, aucune donnée n’a été communiquée à personne. Les raisons figurent sur votre page.

        { page-registrant }

        { appeal } Si la décision est annulée, ou si ce sur quoi elle repose disparaît, le nom peut être remis aussitôt. Vous pouvez demander un conseil juridique ; ce message n’en est pas un.

        { arbitration }

        { sign }

n9_restored =
    .version = 1
    .subject = { $domain } : le nom est de retour dans le DNS
    .body =
        { hello-registrant }

        { $domain } a été remis dans le DNS. Il peut falloir quelques heures pour que chaque serveur le voie. Si quelque chose ne fonctionne pas ensuite, dites-le à nous ou à votre bureau d’enregistrement. Vous n’avez rien d’autre à faire.

        { confirm-receipt }

        { arbitration }

        { sign }

n11_appeal_registrant =
    .version = 1
    .subject = { $domain } : comment faire réexaminer la décision
    .body =
        { hello-registrant }

        Nous avons pris une décision qui vous concerne ; vous la trouvez avec ses raisons sur votre page.

        { page-registrant }

        { appeal-page } Il se peut qu’il n’y ait plus de réexamen de cette décision ; votre page le dit alors. Dites ce que vous pensez être faux, et joignez ce qui l’appuie. Vous pouvez demander un conseil juridique et laisser un avocat écrire pour vous ; ce message n’est pas un conseil juridique. Si personne ne le demande à temps, la décision peut être exécutée.

        { arbitration }

        { sign }

n12_gag_lifted =
    .version = 1
    .subject = { $domain } : ce que nous n’avions pas le droit de vous dire jusqu’ici
    .body =
        { hello-registrant }

        Jusqu’ici la loi nous interdisait de vous parler d’une demande sur vous. Cela a pris fin, et nous vous le disons donc.

        { data-elsewhere } Ce qui a été demandé, si quelque chose a été communiqué, pour quelle raison et à qui, figure sur votre page autant que nous pouvons le montrer. Vous pouvez vous y opposer à tout usage ultérieur, nous dire que quelque chose est faux, ou désigner un avocat. Un recours peut vous être ouvert devant le tribunal ou l’autorité dont émane l’ordre ; un conseil juridique peut aider. Ce message n’est pas un conseil juridique.

        { page-registrant }

        { arbitration }

        { sign }

n13_reconsidered_registrant =
    .version = 1
    .subject = { $domain } : le résultat du réexamen
    .body =
        { hello-registrant }

        Des personnes qui n’ont pas pris part à la première décision l’ont revue. Le résultat :

        { $verdict }

        Les raisons figurent sur votre page. Si la décision reste, elle peut être exécutée dès maintenant ; si elle a été annulée, ce qui a été fait au nom peut être défait aussitôt. Vous pouvez saisir un tribunal et demander un conseil juridique ; ce message n’en est pas un.

        { page-registrant }

        { arbitration }

        { sign }

n15_incident =
    .version = 1
    .subject = { $domain } : des données sur vous ont été communiquées sans motif valable
    .body =
        { hello-registrant }

        Des données sur vous ont été communiquées alors qu’elles n’auraient pas dû l’être. Nous le regrettons. De quelles catégories elles relèvent, et à qui elles sont allées, figure sur votre page.

        Nous avons demandé leur effacement et cherchons comment cela a pu arriver. Ce que nous savons, et ce que nous faisons, figure sur votre page. Quelqu’un pourrait essayer de se servir de telles données : méfiez-vous des appels, lettres et messages qui s’y rapportent. Si vous craignez pour votre sécurité, dites-le-nous aussitôt. Vous pouvez vous opposer, nous demander de l’aide et demander un conseil juridique ; ce message n’en est pas un. Vous pouvez aussi avoir droit à une réparation.

        { data-elsewhere }

        { page-registrant }

        { arbitration }

        { sign }

n16_was_i_disclosed =
    .version = 1
    .subject = { $domain } : votre question : des données ont-elles été communiquées ?
    .body =
        { hello-registrant }

        Vous avez demandé si des données sur vous ont été communiquées à quelqu’un. Quiconque le demande reçoit de nous cette même réponse, dans tous les cas :

        Nous informons les titulaires d’une divulgation dès que nous en avons le droit. Parfois une loi ou un tribunal nous interdit pour un temps de le dire, et nous interdit alors aussi de dire qu’il en est ainsi. Cette réponse ne signifie donc ni que quelque chose a été communiqué, ni que rien ne l’a été. Ce que nous pouvons montrer aujourd’hui figure sur votre page ; ce qui s’y ajoute plus tard, nous vous le disons de nous-mêmes.

        { page-registrant }

        Sur votre page vous pouvez vous opposer à l’usage de vos données et désigner un avocat qui parle pour vous. Vous pouvez demander un conseil juridique ; ce message n’en est pas un.

        { arbitration }

        { sign }

n17_verify_email =
    .version = 1
    .subject = { $domain } : merci de confirmer votre adresse électronique
    .body =
        { hello-letter }

        Cette adresse électronique nous a été donnée comme la vôtre. Les règles des noms de domaine demandent que le titulaire la confirme. Merci d'ouvrir ce lien et d'y appuyer sur le bouton avant le { $due } :

        { $link }

        Votre adresse reste cachée : la confirmer ne publie rien. La confirmation vaut aussi pour vos autres noms chez le même bureau d'enregistrement avec la même adresse.

        Si l'adresse n'est pas confirmée d'ici là, nous le disons à votre bureau d'enregistrement, qui peut vous interroger autrement ou suspendre le nom. Si vous ne connaissez pas ce nom de domaine, ne faites rien.

        { sign }

n17_verify_email_reminder =
    .version = 1
    .subject = { $domain } : votre adresse électronique n'est pas encore confirmée
    .body =
        { hello-letter }

        Il y a quelques jours, nous vous avons demandé de confirmer cette adresse électronique, et nous n'avons pas encore de réponse. Merci d'ouvrir ce lien et d'y appuyer sur le bouton avant le { $due } :

        { $link }

        Votre adresse reste cachée : la confirmer ne publie rien. Ceci est le seul rappel.

        Si l'adresse n'est pas confirmée d'ici là, nous le disons à votre bureau d'enregistrement, qui peut vous interroger autrement ou suspendre le nom. Si vous ne connaissez pas ce nom de domaine, ne faites rien.

        { sign }
