"""Asks the Data API for whole reports: pages until every row is there, and turns every failure into a typed error."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import grpc
import requests
from google.analytics.data_v1beta import BetaAnalyticsDataClient
from google.analytics.data_v1beta.services.beta_analytics_data.transports import (
    BetaAnalyticsDataGrpcTransport,
    BetaAnalyticsDataRestTransport,
)
from google.analytics.data_v1beta.types import (
    BatchRunReportsRequest,
    CheckCompatibilityRequest,
    Compatibility,
    DateRange,
    Dimension,
    GetMetadataRequest,
    Metric,
    OrderBy,
    RunRealtimeReportRequest,
    RunReportRequest,
)
from google.api_core.exceptions import GoogleAPICallError, ServerError
from google.auth.credentials import AnonymousCredentials
from google.auth.exceptions import DefaultCredentialsError, GoogleAuthError

from connectors.budget import Budget, Unlimited
from connectors.ga4.credentials import from_environment, from_key_file
from connectors.ga4.faults import translated
from connectors.ga4.quota import watch
from errors import AuthError, ConfigError, ContractError, QuotaError, SourceConfigError

if TYPE_CHECKING:
    from connectors.ga4 import Ga4Settings

PAGE = 100_000
FAILURES = (GoogleAPICallError, GoogleAuthError, requests.RequestException)


@dataclass(frozen=True, slots=True)
class ReportSpec:
    """Which dimensions and metrics; values of the filtered dimension are kept, the others not sent."""

    dimensions: tuple[str, ...]
    metrics: tuple[str, ...]
    keep: tuple[str, tuple[str, ...]] | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """One whole report: columns of text by field name, and what the vendor says about it."""

    columns: dict[str, list[str]]
    rows: int
    time_zone: str
    currency: str
    flags: tuple[str, ...]


def _local(endpoint: str, transport_name: str) -> BetaAnalyticsDataClient:
    """Return a client for a local server; a proxy of the environment must not see its traffic."""
    if transport_name == "grpc":
        # without the sizes an answer of more than 4 MiB fails like a used-up quota
        options = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1), ("grpc.enable_http_proxy", 0)]
        channel = grpc.insecure_channel(endpoint.removeprefix("http://"), options=options)
        return BetaAnalyticsDataClient(transport=BetaAnalyticsDataGrpcTransport(channel=channel))
    anonymous = AnonymousCredentials()  # type: ignore[no-untyped-call]  # google-auth has no annotations here
    transport = BetaAnalyticsDataRestTransport(host=endpoint.removeprefix("http://"), url_scheme="http", credentials=anonymous)
    transport._session.trust_env = False
    return BetaAnalyticsDataClient(transport=transport)


class _Drifted(Exception):
    """The number of rows changed between two pages of one report."""


class Client:
    """The unmodified client library, made once; it makes no call before the first question."""

    def __init__(self, source: str, settings: Ga4Settings) -> None:
        self._source, self._settings = source, settings
        self._made: BetaAnalyticsDataClient | None = None
        self.budget: Budget = Unlimited()
        self._pause: QuotaError | None = None

    def _library(self) -> BetaAnalyticsDataClient:
        if self._made is None:
            self._made = self._make()
        return self._made

    def _make(self) -> BetaAnalyticsDataClient:
        settings = self._settings
        options = {"api_endpoint": settings.endpoint} if settings.endpoint else None
        if settings.endpoint is not None and settings.endpoint.startswith("http://"):
            return _local(settings.endpoint, settings.transport)
        try:
            file = settings.credentials_file
            known = from_environment(BetaAnalyticsDataRestTransport.AUTH_SCOPES) if file is None else from_key_file(file)
            return BetaAnalyticsDataClient(transport=settings.transport, client_options=options, credentials=known)
        except OSError as error:
            raise ConfigError(
                f"{self._source}: credentials_file {settings.credentials_file} cannot be read ({error.strerror}). Name the service account's JSON file."
            ) from error
        except ValueError as error:
            raise ConfigError(
                f"{self._source}: credentials_file {settings.credentials_file} is not a service account's JSON key."
            ) from error
        except DefaultCredentialsError as error:
            raise AuthError(
                f"{self._source}: no Google credentials were found. Looked for credentials_file in sources.yaml and for Application Default Credentials."
            ) from error

    def dimension_names(self) -> set[str]:
        """Return the API names of the property's dimensions, old names included."""
        request = GetMetadataRequest(name=f"properties/{self._settings.property}/metadata")
        answer = self._asked(self._library().get_metadata, request)
        return {name for d in answer.dimensions for name in (d.api_name, *d.deprecated_api_names)}

    def check_compatible(self, spec: ReportSpec) -> None:
        """Ask whether the fields go together on this property.

        Raises: SourceConfigError with the vendor's words when they do not.
        """
        request = CheckCompatibilityRequest(
            property=self._property,
            dimensions=[Dimension(name=name) for name in spec.dimensions],
            metrics=[Metric(name=name) for name in spec.metrics],
        )
        answer = self._asked(self._library().check_compatibility, request)
        listed = [(d.dimension_metadata.api_name, d.compatibility) for d in answer.dimension_compatibilities]
        listed += [(m.metric_metadata.api_name, m.compatibility) for m in answer.metric_compatibilities]
        wrong = [name for name, state in listed if state == Compatibility.INCOMPATIBLE]
        if wrong:
            raise SourceConfigError(
                f"{self._source}: Google cannot report {', '.join(wrong)} together with the other fields of property {self._settings.property}."
            )

    def report(self, spec: ReportSpec, day: date) -> Report:
        """Return one day's report, whole."""
        return self.reports(spec, [day])[0]

    def reports(self, spec: ReportSpec, days: Sequence[date]) -> list[Report]:
        """Return the reports of up to five days, each whole: first pages in one call, later pages one by one.

        Raises: ContractError when the rows received are not the rows announced, even after starting the day again.
        """
        batch = BatchRunReportsRequest(property=self._property, requests=[self._request(spec, day, 0) for day in days])
        first = self._call(self._library().batch_run_reports, batch).reports
        if len(first) != len(days):
            raise ContractError(f"{self._source}: asked for {len(days)} reports, received {len(first)}.")
        return [self._whole(spec, day, page) for day, page in zip(days, first, strict=True)]

    def realtime(self, request: RunRealtimeReportRequest) -> Any:
        """Return the answer to one realtime report, as the plain message."""
        return self._call(self._library().run_realtime_report, request)

    @property
    def _property(self) -> str:
        return f"properties/{self._settings.property}"

    def _request(self, spec: ReportSpec, day: date, offset: int) -> RunReportRequest:
        request = RunReportRequest(
            property=self._property,
            dimensions=[Dimension(name=name) for name in spec.dimensions],
            metrics=[Metric(name=name) for name in spec.metrics],
            date_ranges=[DateRange(start_date=day.isoformat(), end_date=day.isoformat())],
            order_bys=[OrderBy(dimension=OrderBy.DimensionOrderBy(dimension_name=name)) for name in spec.dimensions],
            offset=offset,
            limit=PAGE,
            return_property_quota=True,
        )
        if spec.keep is not None:
            request.dimension_filter.filter.field_name = spec.keep[0]
            request.dimension_filter.filter.in_list_filter.values = list(spec.keep[1])
        return request

    def _call(self, method: Any, request: Any) -> Any:
        if self._pause is not None:
            raise self._pause
        answer = type(plain := self._asked(method, request)).pb(plain)  # rows of the plain message are read ten times as fast
        for report in getattr(answer, "reports", [answer]):
            if report.HasField("property_quota"):
                self._pause = watch(self._source, report.property_quota, self.budget)
        return answer

    def _asked(self, method: Any, request: Any) -> Any:
        self.budget.spend()
        try:
            return method(request=request, timeout=self._settings.timeout_seconds, retry=None)
        except FAILURES as error:
            if isinstance(error, ServerError):
                self.budget.fault()
            raise translated(error, self._source, self._settings.property) from error

    def _whole(self, spec: ReportSpec, day: date, first: Any) -> Report:
        try:
            return self._joined(spec, day, first)
        except _Drifted:
            again = self._call(self._library().run_report, self._request(spec, day, 0))
        try:
            return self._joined(spec, day, again)
        except _Drifted as error:
            raise ContractError(
                f"{self._source}: the number of rows of {day} changed between pages, twice. Run the sync again later."
            ) from error

    def _joined(self, spec: ReportSpec, day: date, first: Any) -> Report:
        pages, received = [first], len(first.rows)
        while received < first.row_count:
            page = self._call(self._library().run_report, self._request(spec, day, received))
            if page.row_count != first.row_count:
                raise _Drifted
            if not page.rows:
                break
            pages.append(page)
            received += len(page.rows)
        if received != first.row_count:
            raise ContractError(
                f"{self._source}: the report of {day} announces {first.row_count} rows, but {received} came. The day keeps its earlier data."
            )
        return self._read(spec, day, pages)

    def _read(self, spec: ReportSpec, day: date, pages: Sequence[Any]) -> Report:
        """Put the cells under the names of the headers; their order is the vendor's, not the request's."""
        names = [h.name for h in pages[0].dimension_headers] + [h.name for h in pages[0].metric_headers]
        missing = [name for name in (*spec.dimensions, *spec.metrics) if name not in names]
        rows = [row for page in pages for row in page.rows]
        if missing and rows:
            raise ContractError(
                f"{self._source}: the report of {day} has no column {', '.join(missing)}; the account may not be allowed to see it."
            )
        columns: dict[str, list[str]] = {name: [] for name in (*spec.dimensions, *spec.metrics)}
        width = len(pages[0].dimension_headers)
        for place, name in enumerate(names):
            if name in columns:
                columns[name] = (
                    [row.dimension_values[place].value for row in rows]
                    if place < width
                    else [row.metric_values[place - width].value for row in rows]
                )
        meta = pages[0].metadata
        return Report(columns, len(rows), meta.time_zone, meta.currency_code, _flags(pages))


def _flags(pages: Sequence[Any]) -> tuple[str, ...]:
    """Return the quality flags that the vendor's metadata raise."""
    metas = [page.metadata for page in pages]
    raised = {
        "other_row": any(m.data_loss_from_other_row for m in metas),
        "thresholded": any(m.subject_to_thresholding for m in metas),
        "sampled": any(len(m.sampling_metadatas) > 0 for m in metas),
        "restricted": any(len(m.schema_restriction_response.active_metric_restrictions) > 0 for m in metas),
        "truncated": any(len(m.data_truncation_reasons) > 0 for m in metas),
    }
    return tuple(name for name, is_raised in raised.items() if is_raised)
