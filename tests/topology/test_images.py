import pytest

from holdfast.topology.images import Pull, pull

IMAGE = "registry.example/shop/web:1"
OPENING = f'failed to pull and unpack image "{IMAGE}": failed to resolve reference "{IMAGE}": '


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (OPENING + f"{IMAGE}: not found", Pull.NOT_FOUND),
        (OPENING + "unexpected status from HEAD request to https://r/v2: 401 Unauthorized",
         Pull.CREDENTIALS),
        (OPENING + "failed to authorize: failed to fetch anonymous token: unexpected status from "
         "GET request to https://r/token: 429 Too Many Requests", Pull.RATE_LIMITED),
        (OPENING + 'failed to authorize: Get "https://r/token": dial tcp 10.0.0.1:443: i/o timeout',
         Pull.UNREACHABLE),
        (OPENING + 'failed to do request: Head "https://r/v2": EOF', Pull.UNREACHABLE),
        ("no basic auth credentials", Pull.CREDENTIALS),
        ("denied: requested access to the resource is denied", Pull.CREDENTIALS),
        ("failed to commit snapshot: no space left on device", Pull.OTHER),
        ("", Pull.OTHER),
    ],
)  # fmt: skip
def test_the_runtimes_words_say_what_it_takes(text: str, expected: Pull) -> None:
    assert pull("ErrImagePull", text, IMAGE) is expected


@pytest.mark.parametrize(
    "image", ["registry.example/unauthorized:1", "toomanyrequests:1", "registry.example/x509:/a"]
)
def test_the_name_of_an_image_is_no_reason(image: str) -> None:
    text = f'failed to pull "{image}": {image}: not found'

    assert pull("ErrImagePull", text, image) is Pull.NOT_FOUND


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        ("ngnix:1", Pull.NOT_FOUND),
        ("docker.io/library/ngnix:1", Pull.NOT_FOUND),
        ("shop/web:1", Pull.CREDENTIALS),
        ("registry.example/web:1", Pull.CREDENTIALS),
    ],
)
def test_docker_hubs_own_library_is_open_to_all(image: str, expected: Pull) -> None:
    text = (
        "pull access denied, repository does not exist or may require authorization: "
        "server message: insufficient_scope: authorization failed"
    )

    assert pull("ErrImagePull", text, image) is expected
