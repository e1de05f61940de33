// For tests: reads a text table of testdata/. A row a line, columns parted by '|' and trimmed; '#' begins a comment
// line.
#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <vector>

#include "base/strings.h"

namespace podpass::policy {

struct Row {
  int line = 0;
  std::vector<std::string> columns;
  const std::string& operator[](std::size_t i) const { return columns[i]; }
};

inline std::vector<Row> read_table(const std::string& name, std::size_t column_count, std::size_t row_count) {
  std::vector<Row> rows;
  std::ifstream file("testdata/" + name);
  EXPECT_TRUE(file.good()) << name;
  std::string text;
  for (int line = 1; std::getline(file, text); ++line) {
    if (trim(text).empty() || text.starts_with('#')) continue;
    Row row{line, {}};
    for (const auto column : split(text, '|')) row.columns.emplace_back(trim(column));
    EXPECT_EQ(row.columns.size(), column_count) << name << ":" << line;
    if (row.columns.size() == column_count) rows.push_back(std::move(row));
  }
  EXPECT_GE(rows.size(), row_count) << name << " has lost rows";
  return rows;
}

}  // namespace podpass::policy
