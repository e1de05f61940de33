#include "aws/arn.h"

#include <algorithm>

#include "base/strings.h"

namespace podpass::aws {
namespace {

bool is_word(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return is_digit(c) || (c >= 'a' && c <= 'z') || c == '-'; });
}

bool is_account(std::string_view text) {
  if (text.empty() || text == "aws") return true;
  return text.size() == 12 && std::ranges::all_of(text, is_digit);
}

bool is_resource(std::string_view text) {
  if (text.empty() || text.front() == ' ' || text.back() == ' ') return false;
  return std::ranges::none_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

// The text before the next colon, which is dropped with it.
std::optional<std::string_view> take_field(std::string_view& text) {
  auto colon = text.find(':');
  if (colon == text.npos) return std::nullopt;
  auto field = text.substr(0, colon);
  text.remove_prefix(colon + 1);
  return field;
}

}  // namespace

std::string_view ArnView::resource_type() const {
  auto end = resource.find_first_of("/:");
  return end == resource.npos ? std::string_view() : resource.substr(0, end);
}

std::string_view ArnView::resource_name() const {
  auto end = resource.find_first_of("/:");
  return end == resource.npos ? resource : resource.substr(end + 1);
}

std::string Arn::str() const {
  std::string text = "arn:";
  for (std::string_view field :
       {std::string_view(partition), std::string_view(service), std::string_view(region), std::string_view(account)}) {
    text += field;
    text += ':';
  }
  return text += resource;
}

std::optional<ArnView> split_arn(std::string_view text) {
  if (text.size() > kMaxArnBytes || !text.starts_with("arn:")) return std::nullopt;
  text.remove_prefix(4);
  auto partition = take_field(text), service = take_field(text), region = take_field(text), account = take_field(text);
  if (!account) return std::nullopt;
  if (*partition != "aws" && !(partition->starts_with("aws-") && partition->size() > 4)) return std::nullopt;
  if (!is_word(*partition) || service->empty() || !is_word(*service) || !is_word(*region)) return std::nullopt;
  if (!is_account(*account) || !is_resource(text)) return std::nullopt;
  return ArnView{*partition, *service, *region, *account, text};
}

std::optional<Arn> parse_arn(std::string_view text) {
  auto view = split_arn(text);
  if (!view) return std::nullopt;
  return Arn{std::string(view->partition), std::string(view->service), std::string(view->region),
             std::string(view->account), std::string(view->resource)};
}

}  // namespace podpass::aws
