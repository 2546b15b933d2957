"""Screenshots in a bucket: a real server that speaks S3, asked over HTTP."""

import subprocess
import sys
import urllib.request

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.files.storage import default_storage

from config.env import env_storage
from registry.listing import editing
from tests.hub_server import free_port, wait_for
from tests.test_admin_listing import png


@pytest.fixture(scope="module")
def bucket(tmp_path_factory):
    """The address of an empty bucket, as MEDIA_STORAGE_URL has it."""
    host = f"127.0.0.1:{free_port()}"
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1"]
    log = tmp_path_factory.mktemp("s3") / "log"
    with log.open("wb") as said:
        server = subprocess.Popen([*command, "-p", host[10:]], stderr=said)
        try:
            wait_for(f"http://{host}/")
            made = urllib.request.Request(f"http://{host}/pictures", method="PUT")
            urllib.request.urlopen(made).close()
            yield f"s3://key:se%2Fcret@{host}/pictures?scheme=http&region=us-east-1"
        finally:
            server.terminate()
            server.wait(10)


@pytest.fixture
def storage(bucket, settings, monkeypatch):
    monkeypatch.setenv("MEDIA_STORAGE_URL", f"{bucket}&prefix=hub")
    made = {"default": env_storage("MEDIA_STORAGE_URL")}
    settings.STORAGES = settings.STORAGES | made
    settings.MEDIA_ROOT = "/nowhere"
    return default_storage


def test_a_screenshot_is_kept_in_the_bucket_and_served(storage, publish, alice, client):
    function = publish().function
    data = png().read()

    shown = editing.add_screenshot(function, data, alt="A", by=alice, via="admin")

    assert storage.exists(editing.screenshot_name(shown.sha256))
    page = client.get(f"{function.url}/screenshots/{shown.sha256}.webp")
    assert (page.status_code, page["Content-Type"]) == (200, "image/webp")
    assert page.content[8:12] == b"WEBP"


def test_a_name_that_is_not_there_is_missing_as_a_file_is(storage):
    assert not storage.exists("screenshots/none.webp")
    with pytest.raises(FileNotFoundError):
        storage.open("screenshots/none.webp")


@pytest.mark.parametrize(
    "url",
    [
        "https://key:hunter2@host/bucket",
        "s3://host/bucket",
        "s3://key@host/bucket",
        "s3://key:hunter2@host/",
        "s3://key:hunter2@host/bucket/deeper",
        "s3://key:hunter2@host/bucket?acl=public-read",
    ],
)
def test_an_address_that_can_not_be_used_is_refused_without_its_secret(
    monkeypatch, url
):
    monkeypatch.setenv("MEDIA_STORAGE_URL", url)

    with pytest.raises(ImproperlyConfigured, match="s3://key:secret@host") as refused:
        env_storage("MEDIA_STORAGE_URL")

    assert "hunter2" not in str(refused.value)


def test_a_folder_is_the_default(monkeypatch):
    monkeypatch.delenv("MEDIA_STORAGE_URL", raising=False)

    assert env_storage("MEDIA_STORAGE_URL")["BACKEND"].endswith("FileSystemStorage")
