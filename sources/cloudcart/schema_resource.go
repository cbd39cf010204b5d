package cloudcart

import "shopbell/event"

// Whatever is not an order has the form of the API's own resource: its attributes at the top, beside id. Yes and no are
// true and false, amounts are in units of the currency.

func productSchema() *event.Schema {
	return event.ObjectOf("A product, as the store has it now.",
		id("Number of the product."), event.Must("name", event.Of(event.Text, "Name.")), text("url_handle", "Its part of the address."),
		flag("active", "It can be seen in the store."), flag("draft", "It is not finished."), flag("digital", "Nothing is sent."), flag("sale", "It is on sale."),
		flag("new", "It is marked as new."), flag("featured", "It is featured."), flag("tracking", "Its stock is counted."), flag("shipping", "It has to be sent."),
		flag("continue_selling", "It is sold although there is none."),
		number("price_from", "Price of the cheapest variant."), number("price_to", "Price of the dearest variant."),
		number("minimum", "How many must be bought at least."), number("threshold", "Below this it counts as low in stock."),
		number("status_id", "Number of its status."), number("out_of_stock_id", "Number of its status when there is none."),
		text("product_type", "Such as simple, bundle or digital."), text("description", "Description, HTML."), text("short_description", "Short description."),
		text("seo_title", "Title for search engines."), text("seo_description", "Description for search engines."),
		number("category_id", "Number of the main category."), number("vendor_id", "Number of the brand."), number("sort_order", "Place in lists."),
		text("publish_date", "When it is published."), text("active_to", "Until when it can be seen."), text("date_added", "When it was added."), text("date_modified", "When it was last changed."),
		text("p1", "What the first choice is, such as Size."), text("p2", "What the second choice is."), text("p3", "What the third choice is."),
		inside("category", "Main category.", number("id", "Number."), text("name", "Name."), text("url_handle", "Its part of the address.")),
		inside("vendor", "Brand.", number("id", "Number."), text("name", "Name."), text("url_handle", "Its part of the address.")),
		list("images", "Pictures.", number("id", "Number."), text("url", "Address."), text("src", "Address.")),
		list("variants", "What can be bought; at least one.", number("id", "Number."), text("sku", "SKU."), text("barcode", "Barcode."), number("price", "Price."),
			number("quantity", "How many are in stock; absent when it is not counted."), number("weight", "Weight in grams."), number("delivery_price", "Added to the shipping."), number("minimum", "How many must be bought at least."),
			text("v1", "First choice, such as M."), text("v2", "Second choice."), text("v3", "Third choice."), text("unit_name", "Unit of measure.")))
}

func customerSchema() *event.Schema {
	return event.ObjectOf("A customer, as the store has it now.",
		id("Number of the customer."), event.Must("email", event.Of(event.Text, "E-mail address.")), text("first_name", "First name."), text("last_name", "Last name."),
		text("alternative_phone", "Another phone number."), text("note", "Note of the merchant."),
		flag("active", "May sign in."), flag("banned", "May neither sign in nor order."), text("banned_reason", "Why."), flag("is_activated", "The account is in use."),
		flag("marketing", "Agreed to marketing."), flag("newsletter", "Wants the newsletter."), flag("email_confirmed", "The address is proved."),
		text("email_for_confirmation", "New address that is not proved yet."), flag("imported", "Came by import."),
		number("group_id", "Number of the group."), inside("group", "Group.", number("id", "Number."), text("name", "Name, such as VIP.")),
		number("income", "What was earned with the customer."), number("completed_orders", "How many orders were completed."), number("orders_total", "How many orders there are."),
		number("orders_total_price", "Sum of the orders."), text("last_order_date", "When the last order was placed."),
		text("date_added", "When the customer was added."), text("updated_at", "When the customer was last changed."), text("date_banned", "When the customer was banned."),
		event.Must("shipping_addresses", event.ListOf("Addresses to send to.", addressSchema(""))),
		event.Must("billing_addresses", event.ListOf("Addresses for invoices.", addressSchema(""))))
}

func categorySchema() *event.Schema {
	fields := append([]event.Field{id("Number of the category."), event.Must("name", event.Of(event.Text, "Name.")), text("url_handle", "Its part of the address."),
		text("description", "Description, HTML."), number("order", "Place among its neighbours."), text("seo_title", "Title for search engines."), text("seo_description", "Description for search engines."),
		text("color", "Colour, such as #000000."), text("icon", "Icon."), text("image_url", "Picture."), flag("display_child", "Its own categories are shown."),
		number("taxonomy_id", "Its number in another list of categories."), number("parent_id", "Number of the category above."),
		inside("parent", "Category above.", number("id", "Number."), text("name", "Name."), text("url_handle", "Its part of the address."))}, stamps()...)
	return event.ObjectOf("A category, as the store has it now.", fields...)
}

func vendorSchema() *event.Schema {
	fields := append([]event.Field{id("Number of the brand."), event.Must("name", event.Of(event.Text, "Name.")), text("url_handle", "Its part of the address."),
		text("description", "Description, HTML."), text("seo_title", "Title for search engines."), text("seo_description", "Description for search engines."), text("image_url", "Logo.")}, stamps()...)
	return event.ObjectOf("A vendor (brand), as the store has it now.", fields...)
}

func discountSchema() *event.Schema {
	fields := append([]event.Field{id("Number of the discount."), event.Must("name", event.Of(event.Text, "Name for the merchant.")),
		text("discount_type", "flat, percent, shipping, fixed or code-pro, or another kind that only the admin panel can make."),
		number("type_value", "Amount for flat, per cent for percent."), number("order_over", "Least sum of the cart."),
		text("date_start", "First day."), text("date_end", "Last day; absent for no end."), text("code", "Code that customers enter."), flag("code_apply", "The code counts beside another discount."),
		flag("active", "It is in force."), number("max_uses", "How often it can be used; absent for any number."), number("uses", "How often it was used."),
		flag("is_container", "It holds many codes."), text("settings", "What it is for: all, product, category, vendor, category_vendor, selection or order_over.")}, stamps()...)
	return event.ObjectOf("A discount, as the store has it now.", fields...)
}

func subscriberSchema() *event.Schema {
	fields := append([]event.Field{id("Number of the subscriber."), text("first_name", "First name."), text("last_name", "Last name."), text("country", "Country, such as BG."),
		number("customer_id", "Number of the customer; absent when there is none."), text("subscribed_from", "How: such as subscribe_form, order_creating or API."),
		flag("deleted_customer", "The customer was deleted."), text("form_id", "Form that was used."), number("last_order_id", "Number of the last order."),
		number("total_sent", "Messages sent."), number("open_rate", "In per cent."), number("click_rate", "In per cent."), text("last_active_at", "When last seen."),
		list("channels", "How to reach the subscriber.", number("id", "Number."), text("channel", "Email or Phone."), text("channel_identifier", "The address or number."),
			flag("marketing", "Agreed to marketing here."), flag("verified", "It is proved."), flag("bounced", "It does not work.")),
		list("tags", "Tags.", number("id", "Number."), text("name", "Name."), text("tag", "Name."))}, stamps()...)
	return event.ObjectOf("A subscriber, as the store has it now.", fields...)
}
