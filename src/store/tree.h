// A persistent ordered map from tail to Record: a B+tree whose nodes are shared between versions and carry subtree
// counts.
//
// A copy of a Tree costs one reference; the two then change apart. A change copies the path to the leaf, unless its
// nodes were made by the same Edit: many changes under one Edit cost little more than in a tree that is changed in
// place. find, rank and cursors take O(log n); each node holds its keys' first differing bytes, so that a search
// follows few pointers.
//
// Threads: a Tree that no Edit changes any more may be read from any thread; nodes are counted atomically. Changes: one
// thread. Lifetimes: Record pointers live as long as a tree (any version) that holds them. Limits: 2^32 - 1 records.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

#include "store/record.h"

namespace podpass::store {

struct TreeNode;

// Nodes made under an edit's number may be changed in place under it. Numbers are never used twice for trees that share
// nodes.
using Edit = std::uint64_t;

class Tree {
 public:
  Tree() = default;
  Tree(const Tree& other);
  Tree(Tree&& other) noexcept : root_(std::exchange(other.root_, nullptr)) {}
  Tree& operator=(Tree other) noexcept {
    std::swap(root_, other.root_);
    return *this;
  }
  ~Tree();

  const Record* find(std::string_view tail) const;  // null: none
  std::size_t size() const;
  std::size_t rank(std::string_view tail) const;  // how many tails are less

  void put(Edit edit, RecordPtr record);         // inserts or replaces
  bool erase(Edit edit, std::string_view tail);  // true if it was there

  // In order, from the first tail not less than `from`.
  class Cursor {
   public:
    Cursor(const Tree& tree, std::string_view from);
    const Record* get() const;  // null at the end
    void next();

   private:
    struct Step {
      const TreeNode* node;
      unsigned index;
    };
    void descend(const TreeNode* node);

    static constexpr std::size_t kMaxDepth = 16;  // a node splits at 32: more than 2^32 records
    std::array<Step, kMaxDepth> path_;
    std::size_t depth_ = 0;
  };

 private:
  const TreeNode* root_ = nullptr;  // null: empty
};

}  // namespace podpass::store
