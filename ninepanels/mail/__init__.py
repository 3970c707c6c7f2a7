"""E-mail: messages and their templates, the SMTP transport, and the outbox that sends due e-mails.

`crud.outbox` adds the rows of the outbox, in the transaction that causes the e-mail.
"""
