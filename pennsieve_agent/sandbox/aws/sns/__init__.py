"""Amazon SNS, as far as it sends mails: who has confirmed, filters, and mails as files.

Topics are moto's, which takes any address for confirmed and sends no mail; so whoever subscribes by
e-mail is kept here (:mod:`.addresses`), asked by a mail whether he wants more, and gets what fits
his filter (:mod:`.topics`). A mail is a file in the sandbox's folder ``mail``
(:mod:`.mail_folder`).
"""
