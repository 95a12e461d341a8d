import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from core.errors import BucketNotFound, StorageDenied, StorageUnavailable, TintypeError
from core.metrics.totals import PENDING
from core.s3 import translated
from tests.support.counting import count_from_zero


@pytest.mark.parametrize(
    ("error", "ours", "counted"),
    [
        (
            EndpointConnectionError(endpoint_url="http://127.0.0.1:1"),
            StorageUnavailable,
            {"storage_errors:storage_unavailable": 1},
        ),
        (
            ClientError({"Error": {"Code": "AccessDenied"}}, "GetObject"),
            StorageDenied,
            {"storage_errors:storage_denied": 1},
        ),
        (ClientError({"Error": {"Code": "404"}}, "GetObject"), BucketNotFound, {}),
    ],
)
def test_storage_errors_are_counted_and_what_is_missing_is_none(
    error: Exception, ours: type[TintypeError], counted: dict[str, int]
) -> None:
    count_from_zero()
    with pytest.raises(ours), translated("a-bucket"):
        raise error
    assert PENDING.take() == counted
