"""What a new shop lacks before it can sell anything, and how one buys in it."""

from collections.abc import Sequence

from local.vendure.graphql import Session, VendureError
from local.vendure.values import OrderLine

COUNTRY = "GB"
PAYMENT = "test-payment"

STATE = """{
  activeChannel { id }
  paymentMethods { items { code } } }"""
COUNTRY_AND_TAX = """mutation {
  createCountry(input: {code: "GB", enabled: true,
    translations: [{languageCode: en, name: "United Kingdom"}]}) { id }
  createTaxCategory(input: {name: "Standard", isDefault: true}) { id } }"""
ZONE = """mutation ($members: [ID!]) {
  createZone(input: {name: "Home", memberIds: $members}) { id } }"""
SELLING = """mutation ($channel: ID!, $zone: ID!, $category: ID!) {
  updateChannel(input: {id: $channel, defaultTaxZoneId: $zone, defaultShippingZoneId: $zone}) {
    ... on ErrorResult { errorCode message } }
  createTaxRate(input: {name: "Standard", enabled: true, value: 20,
    categoryId: $category, zoneId: $zone}) { id }
  createShippingMethod(input: {code: "test-shipping", fulfillmentHandler: "manual-fulfillment",
    checker: {code: "default-shipping-eligibility-checker",
      arguments: [{name: "orderMinimum", value: "0"}]},
    calculator: {code: "default-shipping-calculator", arguments: [
      {name: "rate", value: "500"}, {name: "taxRate", value: "20"},
      {name: "includesTax", value: "auto"}]},
    translations: [{languageCode: en, name: "Parcel", description: ""}]}) { id }
  createPaymentMethod(input: {code: "test-payment", enabled: true,
    handler: {code: "dummy-payment-handler",
      arguments: [{name: "automaticSettle", value: "false"}]},
    translations: [{languageCode: en, name: "Test payment"}]}) { id } }"""

FILL = """mutation ($lines: [AddItemInput!]!) {
  addItemsToOrder(inputs: $lines) { order { id } errorResults { ... on ErrorResult {
    errorCode message } } } }"""
SHIPPING = "{ eligibleShippingMethods { id } }"
FINISH = """mutation (
    $customer: CreateCustomerInput!, $address: CreateAddressInput!, $shipping: [ID!]!,
    $payment: PaymentInput!) {
  setCustomerForOrder(input: $customer) { ... on ErrorResult { errorCode message } }
  setOrderShippingAddress(input: $address) { ... on ErrorResult { errorCode message } }
  setOrderShippingMethod(shippingMethodId: $shipping) { ... on ErrorResult { errorCode message } }
  transitionOrderToState(state: "ArrangingPayment") { ... on ErrorResult { errorCode message } }
  addPaymentToOrder(input: $payment) {
    ... on ErrorResult { errorCode message }
    ... on Order { code state } } }"""

CUSTOMER = {"firstName": "Test", "lastName": "Buyer", "emailAddress": "buyer@example.com"}
ADDRESS = {"streetLine1": "1 Example Street", "city": "Exampleton", "countryCode": COUNTRY}
PAID = {"method": PAYMENT, "metadata": {}}


def basics(admin: Session) -> None:
    """Country, zone, tax, shipping and a dummy payment method; nothing if they are there."""
    state = admin.ask(STATE)
    if any(method["code"] == PAYMENT for method in state["paymentMethods"]["items"]):
        return
    made = admin.ask(COUNTRY_AND_TAX)
    zone = admin.ask(ZONE, members=[made["createCountry"]["id"]])["createZone"]
    admin.ask(
        SELLING,
        channel=state["activeChannel"]["id"],
        zone=zone["id"],
        category=made["createTaxCategory"]["id"],
    )


def checkout(shop: Session, lines: Sequence[OrderLine]) -> str:
    """Buy as a guest and authorise the payment; the order's code. Raises VendureError."""
    rows = [{"productVariantId": line.variant_id, "quantity": line.quantity} for line in lines]
    for error in shop.ask(FILL, lines=rows)["addItemsToOrder"]["errorResults"]:
        raise VendureError(f"{error['errorCode']}: {error['message']}")
    shipping = [method["id"] for method in shop.ask(SHIPPING)["eligibleShippingMethods"]]
    done = shop.ask(FINISH, customer=CUSTOMER, address=ADDRESS, shipping=shipping[:1], payment=PAID)
    return str(done["addPaymentToOrder"]["code"])
