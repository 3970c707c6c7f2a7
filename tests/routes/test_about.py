import subprocess

from starlette.testclient import TestClient

from ninepanels import environments

from ..support.people import data


def test_the_release_is_the_checked_out_commit(client: TestClient) -> None:
    about = data(client.get("/"))
    head = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=environments.ROOT, check=True, capture_output=True, text=True
    )
    assert about["name"] == "Nine Panels"
    assert about["commit"] == head.stdout.strip()
    assert about["release_date"].endswith("Z")
