"""E-mail: messages and their templates, the SMTP transport, and the outbox that sends due e-mails.

`crud.outbox` adds rows to the outbox, in the same transaction as the change that the e-mail reports.
"""
