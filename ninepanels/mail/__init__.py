"""E-mail: messages and their templates, the SMTP transport, and the outbox that sends what is due.

The rows of the outbox are written by `crud.outbox`, in the transaction that causes the mail.
"""
