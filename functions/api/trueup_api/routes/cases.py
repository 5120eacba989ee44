"""Cases: who looks after a difference, what they say of it, and how it ends."""

from http import HTTPStatus

from trueup.domain.cases import Comment, Roles
from trueup.usecases.auth import Role
from trueup.usecases.exceptions import accepting, cases, filing, finding
from trueup.usecases.exceptions.filing import Cabinet
from trueup.usecases.runs import require_account
from trueup_api.routes.case_forms import (
    AcceptBody,
    CaseChange,
    CasesQuery,
    CasesView,
    CaseView,
    CommentBody,
    CommentsView,
    CommentView,
    NewCase,
    PageQuery,
    ResolveBody,
    VersionBody,
    case_view,
)
from trueup_api.routing import Answer, Call, NoBody, NoQuery, Route, created, ok
from trueup_api.world import Shop


def cabinet_of(shop: Shop) -> Cabinet:
    world = shop.world
    return Cabinet(shop.registry, shop.pages, world.clock, world.new_id, shop.caller.user)


def add_case(call: Call[NoQuery, NewCase]) -> Answer:
    roles = Roles(**call.body.model_dump(exclude={"subject"}))
    cabinet, subject = cabinet_of(call.shop), call.body.subject.subject()
    cases.require_known(cabinet, call.shop.ledger, subject)
    made = cases.open_case(cabinet, subject, roles)
    return created(case_view(made), f"/v1/cases/{made.value.id}")


def list_cases(call: Call[CasesQuery, NoBody]) -> Answer:
    query = call.query
    if query.account is not None:
        require_account(call.shop.registry, query.account)
    wanted = finding.WantedCases(query.state, query.owner, query.account)
    found, cursor = finding.find_cases(
        call.shop.registry, wanted, cursor=query.cursor, limit=query.limit
    )
    return ok(CasesView(cases=[case_view(one) for one in found], cursor=cursor))


def get_case(call: Call[NoQuery, NoBody]) -> Answer:
    return ok(case_view(filing.require_case(call.shop.registry, call.path["case"])))


def change_case(call: Call[NoQuery, CaseChange]) -> Answer:
    fields = call.body.model_dump(exclude_unset=True, exclude={"version"})
    cabinet = cabinet_of(call.shop)
    return ok(case_view(cases.assign(cabinet, call.path["case"], call.body.version, fields)))


def resolve_case(call: Call[NoQuery, ResolveBody]) -> Answer:
    resolved = cases.resolve(
        cabinet_of(call.shop),
        call.path["case"],
        call.body.version,
        root_cause=call.body.root_cause,
        text=call.body.text,
    )
    return ok(case_view(resolved))


def accept_case(call: Call[NoQuery, AcceptBody]) -> Answer:
    body, cabinet = call.body, cabinet_of(call.shop)
    accepted = accepting.accept_case(cabinet, call.path["case"], body.version, body.terms)
    return ok(case_view(accepted))


def reopen_case(call: Call[NoQuery, VersionBody]) -> Answer:
    cabinet = cabinet_of(call.shop)
    return ok(case_view(cases.reopen(cabinet, call.path["case"], call.body.version)))


def add_comment(call: Call[NoQuery, CommentBody]) -> Answer:
    said = cases.say(cabinet_of(call.shop), call.path["case"], call.body.text)
    return created(comment_view(said), f"/v1/cases/{said.case}/comments")


def list_comments(call: Call[PageQuery, NoBody]) -> Answer:
    case = filing.require_case(call.shop.registry, call.path["case"]).value
    found = call.shop.registry.list(
        Comment, case.id, cursor=call.query.cursor, limit=call.query.limit
    )
    comments = [comment_view(stored.value) for stored in found.items]
    return ok(CommentsView(comments=comments, cursor=found.cursor))


def comment_view(comment: Comment) -> CommentView:
    return CommentView(**comment.model_dump(include=set(CommentView.model_fields)))


_CASE = "/v1/cases/<case>"
_CHANGES = (HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY)
_LATER = "2026-06-01T00:00:00Z"
ROUTES = (
    Route(
        "POST",
        "/v1/cases",
        Role.OPERATOR,
        add_case,
        (HTTPStatus.CREATED, CaseView),
        "Open a case about an incident, a row or a source's SKU",
        body=NewCase,
        problems=_CHANGES,
        repeatable=True,
        example={
            "subject": {"kind": "source", "location": "berlin", "sku": "SKU-0001"},
            "owner": "ada",
        },
    ),
    Route(
        "GET",
        "/v1/cases",
        Role.VIEWER,
        list_cases,
        (HTTPStatus.OK, CasesView),
        "Cases, the newest first",
        query=CasesQuery,
        problems=(HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY),
    ),
    Route(
        "GET",
        _CASE,
        Role.VIEWER,
        get_case,
        (HTTPStatus.OK, CaseView),
        "One case",
    ),
    Route(
        "PATCH",
        _CASE,
        Role.OPERATOR,
        change_case,
        (HTTPStatus.OK, CaseView),
        "Set who owns, reviews, approves and investigates a case",
        body=CaseChange,
        problems=_CHANGES,
        example={"version": 1, "owner": "ada", "investigator": "grace"},
    ),
    Route(
        "POST",
        f"{_CASE}/resolve",
        Role.OPERATOR,
        resolve_case,
        (HTTPStatus.OK, CaseView),
        "End a case with its root cause",
        body=ResolveBody,
        problems=_CHANGES,
        example={"version": 1, "root_cause": "counting_error", "text": "Shelf B was missed."},
    ),
    Route(
        "POST",
        f"{_CASE}/accept",
        Role.APPROVER,
        accept_case,
        (HTTPStatus.OK, CaseView),
        "Live with a case's difference until it changes or the time is up",
        body=AcceptBody,
        problems=_CHANGES,
        example={"version": 1, "note": "Display stock.", "expires_at": _LATER, "gap": -1},
    ),
    Route(
        "POST",
        f"{_CASE}/reopen",
        Role.OPERATOR,
        reopen_case,
        (HTTPStatus.OK, CaseView),
        "Take back that a case was resolved, or its difference accepted",
        body=VersionBody,
        problems=_CHANGES,
        example={"version": 2},
    ),
    Route(
        "POST",
        f"{_CASE}/comments",
        Role.OPERATOR,
        add_comment,
        (HTTPStatus.CREATED, CommentView),
        "Say something about a case",
        body=CommentBody,
        problems=(HTTPStatus.NOT_FOUND,),
        repeatable=True,
        example={"text": "The carrier lost a pallet; claim filed."},
    ),
    Route(
        "GET",
        f"{_CASE}/comments",
        Role.VIEWER,
        list_comments,
        (HTTPStatus.OK, CommentsView),
        "What was said about a case, the oldest first",
        query=PageQuery,
        problems=(HTTPStatus.UNPROCESSABLE_ENTITY,),
    ),
)
