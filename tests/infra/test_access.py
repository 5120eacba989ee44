"""Finds a way past the sign-in."""

from local.policies import Resources
from tests.infra.find import of_type

OPEN_ROUTES = {"GET /openapi.json", "GET /health"}


def test_nobody_signs_up_by_themselves(written: Resources) -> None:
    pool = written["UserPool"]["Properties"]
    assert pool["AdminCreateUserConfig"] == {"AllowAdminCreateUserOnly": True}
    assert pool["DeletionProtection"] == {"Fn::If": ["IsProd", "ACTIVE", "INACTIVE"]}
    policy = pool["Policies"]["PasswordPolicy"]
    assert policy["MinimumLength"] >= 12
    assert all(
        policy[f"Require{kind}"] for kind in ("Lowercase", "Uppercase", "Numbers", "Symbols")
    )


def test_access_tokens_live_a_quarter_of_an_hour_and_say_whose_they_are(written: Resources) -> None:
    client = written["UserPoolClient"]["Properties"]
    assert client["TokenValidityUnits"]["AccessToken"] == "minutes"
    assert client["AccessTokenValidity"] <= 15
    trigger = written["UserPool"]["Properties"]["LambdaConfig"]["PreTokenGenerationConfig"]
    assert trigger == {"LambdaArn": {"Ref": "PreTokenFunction.Alias"}, "LambdaVersion": "V2_0"}


def test_passwords_are_not_sent_in_production(written: Resources) -> None:
    flows = written["UserPoolClient"]["Properties"]["ExplicitAuthFlows"]
    assert [flow for flow in flows if isinstance(flow, str)] == [
        "ALLOW_USER_SRP_AUTH",
        "ALLOW_REFRESH_TOKEN_AUTH",
    ]
    assert flows[2]["Fn::If"][0] == "AllowsPasswordSignIn"


def test_every_route_but_two_needs_an_access_token(written: Resources) -> None:
    routes = of_type(written, "AWS::ApiGatewayV2::Route").values()
    assert {route["RouteKey"] for route in routes} >= OPEN_ROUTES
    for route in routes:
        if route["RouteKey"] in OPEN_ROUTES:
            assert route["AuthorizationType"] == "NONE"
        else:
            assert route["AuthorizationType"] == "JWT"
            assert route["AuthorizerId"] == {"Ref": "HttpApiAuthorizer"}
            # An id token has the same audience, and no scope.
            assert route["AuthorizationScopes"] == ["aws.cognito.signin.user.admin"]


def test_the_api_is_throttled_and_logs_who_called_without_what_they_sent(
    written: Resources,
) -> None:
    stage = written["HttpApiStage"]["Properties"]
    assert stage["DefaultRouteSettings"]["ThrottlingBurstLimit"] > 0
    assert stage["DefaultRouteSettings"]["ThrottlingRateLimit"] > 0
    assert "authorization" not in stage["AccessLogSettings"]["Format"].lower()
