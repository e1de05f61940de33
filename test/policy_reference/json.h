// Json: a document as it is written, read with Boost.JSON. Numbers stay text, because a policy's 1.50 is the text
// "1.50"; members stay in order.
//
// For tests: slow, owns all it holds. Safe from any thread. read() throws std::runtime_error at what is no JSON; only
// documents that the engine took are read.
#pragma once

#include <string>
#include <vector>

namespace podpass::reference {

struct Member;

struct Json {
  enum class Type { null, boolean, number, text, list, object };
  Type type = Type::null;
  std::string text;             // of a text, a number or a boolean
  std::vector<Json> items;      // of a list
  std::vector<Member> members;  // of an object

  Json();
  Json(const Json&);
  Json(Json&&) noexcept;
  Json& operator=(const Json&);
  Json& operator=(Json&&) noexcept;
  ~Json();

  static Json read(const std::string& document);

  const Json* member(const std::string& name) const;  // null if there is none
  std::vector<std::string> texts() const;             // of a list's items, or of the value itself
};

struct Member {
  std::string name;
  Json value;
};

}  // namespace podpass::reference
