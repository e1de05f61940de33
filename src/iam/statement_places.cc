#include "iam/statement_places.h"

namespace podpass::iam {
namespace {

// Goes through a text, forwards only.
class Walk {
 public:
  explicit Walk(std::string_view text) : text_(text) {}

  policy::Place to(std::size_t offset) {
    for (; at_ < offset; ++at_) {
      const char c = text_[at_];
      const bool in_pair = c == '\n' && at_ > 0 && text_[at_ - 1] == '\r';
      if (in_pair) continue;
      if (c == '\n' || c == '\r') {
        ++place_.line;
        place_.column = 1;
      } else if ((static_cast<unsigned char>(c) & 0xc0U) != 0x80U) {
        ++place_.column;
      }
    }
    return place_;
  }

 private:
  std::string_view text_;
  std::size_t at_ = 0;
  policy::Place place_;
};

std::size_t behind_what_precedes(std::string_view text, std::size_t begin) {
  const auto before = text.substr(0, begin).find_last_not_of(" \t\r\n");
  const bool in_list = before != std::string_view::npos && text[before] == '[';
  return in_list ? before + 1 : begin + 1;
}

}  // namespace

std::vector<StatementPlace> statement_places(const policy::Policy& policy) {
  std::vector<StatementPlace> places;
  Walk walk(policy.text());
  for (const auto& statement : policy.statements()) {
    const auto start =
        places.empty() ? walk.to(behind_what_precedes(policy.text(), statement.begin)) : places.back().end;
    places.push_back({start, walk.to(statement.end)});
  }
  return places;
}

}  // namespace podpass::iam
