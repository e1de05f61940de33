// What a YAML scalar stands for, and how a text is written so that it stays one. Pure functions; any thread. Source:
// YAML 1.2 section 10.3 (core schema), and YAML 1.1 for what other readers might see in a plain text.
#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "codec/value.h"

namespace podpass::codec {

// By tag, as yaml-cpp gives it: "?" for a plain scalar, "!" for a quoted one, else a whole tag. The error says why not.
std::expected<Value, std::string> scalar_of(std::string_view tag, const std::string& text);

// Whether a text, written without quotes, is read as that text by any reader.
bool stays_text(std::string_view text);

}  // namespace podpass::codec
