"""The app: the web client that the service itself serves. `app/` contains it as the browser gets it, without a build.

Python code belongs here if it is about these files or their addresses. Their routes are in `routes/app.py`.
"""
