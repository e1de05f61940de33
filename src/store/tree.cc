#include "store/tree.h"

#include <algorithm>
#include <atomic>
#include <cstring>

#include "base/check.h"

namespace podpass::store {
namespace {

constexpr unsigned kWidth = 32;   // children of a node, records of a leaf
constexpr unsigned kFewest = 8;   // below it, a node looks for a neighbour to merge with
constexpr unsigned kMerged = 24;  // merges only to nodes that have room left, lest they split again at once
constexpr std::size_t kMaxSkip = 60'000;

}  // namespace

struct TreeNode {
  std::atomic<std::uint32_t> references{1};
  std::uint16_t skip = 0;  // bytes that all tails in `firsts` have in common (or fewer)
  std::uint8_t size = 0;
  bool leaf;
  Edit edit;

  TreeNode(bool is_leaf, Edit by) : leaf(is_leaf), edit(by) {}
};

namespace {

// Four bytes of a tail behind the skipped ones, as a number that orders as they do.
std::uint32_t head_of(std::string_view tail, std::size_t skip) {
  std::uint32_t head = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    head = head << 8 | (skip + i < tail.size() ? static_cast<unsigned char>(tail[skip + i]) : 0);
  }
  return head;
}

std::size_t common_prefix(std::string_view a, std::string_view b) {
  auto size = std::min({a.size(), b.size(), kMaxSkip});
  return static_cast<std::size_t>(
      std::mismatch(a.begin(), a.begin() + static_cast<std::ptrdiff_t>(size), b.begin()).first - a.begin());
}

struct Leaf : TreeNode {
  std::uint32_t heads[kWidth];
  const Record* firsts[kWidth];

  explicit Leaf(Edit by) : TreeNode(true, by) {}
};

struct Inner : TreeNode {
  std::uint32_t heads[kWidth];
  const Record* firsts[kWidth];  // the first record below each child, which keeps it alive
  const TreeNode* children[kWidth];
  std::uint32_t counts[kWidth];

  explicit Inner(Edit by) : TreeNode(false, by) {}
};

const Leaf& as_leaf(const TreeNode& node) {
  return static_cast<const Leaf&>(node);
}
const Inner& as_inner(const TreeNode& node) {
  return static_cast<const Inner&>(node);
}

void drop(const TreeNode* node) {
  auto& references = const_cast<TreeNode*>(node)->references;
  if (references.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  if (node->leaf) {
    const auto* leaf = &as_leaf(*node);
    for (unsigned i = 0; i < leaf->size; ++i) leaf->firsts[i]->drop();
    delete leaf;
  } else {
    const auto* inner = &as_inner(*node);
    for (unsigned i = 0; i < inner->size; ++i) drop(inner->children[i]);
    delete inner;
  }
}

const TreeNode* take(const TreeNode* node) {
  if (node) const_cast<TreeNode*>(node)->references.fetch_add(1, std::memory_order_relaxed);
  return node;
}

const Record* first_of(const TreeNode& node) {
  return node.leaf ? as_leaf(node).firsts[0] : as_inner(node).firsts[0];
}

std::uint32_t count_of(const TreeNode& node) {
  if (node.leaf) return node.size;
  std::uint32_t total = 0;
  for (unsigned i = 0; i < node.size; ++i) total += as_inner(node).counts[i];
  return total;
}

template <class Node>
void refresh_heads(Node& node) {
  if (node.size == 0) return;
  node.skip = static_cast<std::uint16_t>(common_prefix(node.firsts[0]->tail(), node.firsts[node.size - 1]->tail()));
  for (unsigned i = 0; i < node.size; ++i) node.heads[i] = head_of(node.firsts[i]->tail(), node.skip);
}

// After firsts[index] has come in or its tail has changed.
template <class Node>
void refresh_head(Node& node, unsigned index) {
  auto tail = node.firsts[index]->tail();
  bool outer = index == 0 || index + 1 == node.size;
  if (outer &&
      (node.size < 3 || common_prefix(tail, node.firsts[index == 0 ? node.size - 1 : 0]->tail()) < node.skip)) {
    refresh_heads(node);
  } else {
    node.heads[index] = head_of(tail, node.skip);
  }
}

enum class Side { lower, upper };

// lower: the first index whose tail is not less than `tail`; upper: the first whose tail is greater.
template <Side side, class Node>
unsigned bound(const Node& node, std::string_view tail) {
  if (node.size == 0) return 0;
  if (auto skip = node.skip; skip > 0) {
    auto shared = node.firsts[0]->tail().substr(0, skip);
    if (auto order = tail.substr(0, skip).compare(shared); order != 0) return order < 0 ? 0 : node.size;
  }
  auto before = [&](unsigned index, std::uint32_t head) {
    if (node.heads[index] != head) return node.heads[index] < head;
    auto order = node.firsts[index]->tail().compare(tail);
    return side == Side::lower ? order < 0 : order <= 0;
  };
  auto head = head_of(tail, node.skip);
  unsigned low = 0, high = node.size;
  while (low < high) {
    unsigned middle = (low + high) / 2;
    if (before(middle, head)) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

unsigned lower_bound(const Leaf& leaf, std::string_view tail) {
  return bound<Side::lower>(leaf, tail);
}

// The child below which `tail` is, or would be.
unsigned child_for(const Inner& inner, std::string_view tail) {
  auto index = bound<Side::upper>(inner, tail);
  return index == 0 ? 0 : index - 1;
}

template <class Array, class Item>
void insert_at(Array& array, unsigned size, unsigned index, Item item) {
  std::move_backward(array + index, array + size, array + size + 1);
  array[index] = item;
}

template <class Array>
void remove_at(Array& array, unsigned size, unsigned index) {
  std::move(array + index + 1, array + size, array + index);
}

// The node itself if it was made under this edit, else a copy. Takes over the caller's reference to `node`.
TreeNode* writable(Edit edit, const TreeNode* node) {
  if (node->edit == edit) return const_cast<TreeNode*>(node);
  TreeNode* made;
  if (node->leaf) {
    const auto& from = as_leaf(*node);
    auto* leaf = new Leaf(edit);
    std::copy_n(from.heads, from.size, leaf->heads);
    std::copy_n(from.firsts, from.size, leaf->firsts);
    for (unsigned i = 0; i < from.size; ++i) from.firsts[i]->take();
    made = leaf;
  } else {
    const auto& from = as_inner(*node);
    auto* inner = new Inner(edit);
    std::copy_n(from.heads, from.size, inner->heads);
    std::copy_n(from.firsts, from.size, inner->firsts);
    std::copy_n(from.counts, from.size, inner->counts);
    for (unsigned i = 0; i < from.size; ++i) inner->children[i] = take(from.children[i]);
    made = inner;
  }
  made->size = node->size;
  made->skip = node->skip;
  drop(node);
  return made;
}

// Splits a full node for an insertion at `index`: what was right of the cut is in the new node. At the right end little
// moves, so that rising keys leave full nodes behind.
unsigned cut_for(unsigned index) {
  return index == kWidth ? kWidth - 2 : kWidth / 2;
}

Leaf* split(Edit edit, Leaf& leaf, unsigned index) {
  auto cut = cut_for(index);
  auto* right = new Leaf(edit);
  std::copy(leaf.firsts + cut, leaf.firsts + kWidth, right->firsts);
  right->size = static_cast<std::uint8_t>(kWidth - cut);
  leaf.size = static_cast<std::uint8_t>(cut);
  refresh_heads(leaf);
  refresh_heads(*right);
  return right;
}

Inner* split(Edit edit, Inner& inner, unsigned index) {
  auto cut = cut_for(index);
  auto* right = new Inner(edit);
  std::copy(inner.firsts + cut, inner.firsts + kWidth, right->firsts);
  std::copy(inner.children + cut, inner.children + kWidth, right->children);
  std::copy(inner.counts + cut, inner.counts + kWidth, right->counts);
  right->size = static_cast<std::uint8_t>(kWidth - cut);
  inner.size = static_cast<std::uint8_t>(cut);
  refresh_heads(inner);
  refresh_heads(*right);
  return right;
}

void insert_record(Leaf& leaf, unsigned index, const Record* record) {
  insert_at(leaf.heads, leaf.size, index, 0U);
  insert_at(leaf.firsts, leaf.size, index, record);
  ++leaf.size;
  refresh_head(leaf, index);
}

void insert_child(Inner& inner, unsigned index, const TreeNode* child) {
  insert_at(inner.heads, inner.size, index, 0U);
  insert_at(inner.firsts, inner.size, index, first_of(*child));
  insert_at(inner.children, inner.size, index, child);
  insert_at(inner.counts, inner.size, index, count_of(*child));
  ++inner.size;
  refresh_head(inner, index);
}

void remove_child(Inner& inner, unsigned index) {
  remove_at(inner.heads, inner.size, index);
  remove_at(inner.firsts, inner.size, index);
  remove_at(inner.children, inner.size, index);
  remove_at(inner.counts, inner.size, index);
  --inner.size;
}

// After the child at `index` has changed.
void refresh_child(Inner& inner, unsigned index, const TreeNode* child) {
  inner.children[index] = child;
  inner.counts[index] = count_of(*child);
  const auto* before = std::exchange(inner.firsts[index], first_of(*child));
  if (before != inner.firsts[index]) refresh_head(inner, index);
}

struct Grown {
  TreeNode* node;
  TreeNode* right = nullptr;  // the new right neighbour after a split
};

Grown put_into(Edit edit, const TreeNode* node, RecordPtr record);

Grown put_into_leaf(Edit edit, const TreeNode* node, RecordPtr record) {
  auto* leaf = static_cast<Leaf*>(writable(edit, node));
  auto index = lower_bound(*leaf, record->tail());
  if (index < leaf->size && leaf->firsts[index]->tail() == record->tail()) {
    leaf->firsts[index]->drop();
    leaf->firsts[index] = record.release();
    return {leaf};
  }
  if (leaf->size < kWidth) {
    insert_record(*leaf, index, record.release());
    return {leaf};
  }
  auto* right = split(edit, *leaf, index);
  if (index > leaf->size) {
    insert_record(*right, index - leaf->size, record.release());
  } else {
    insert_record(*leaf, index, record.release());
  }
  return {leaf, right};
}

Grown put_into(Edit edit, const TreeNode* node, RecordPtr record) {
  if (node->leaf) return put_into_leaf(edit, node, std::move(record));
  auto* inner = static_cast<Inner*>(writable(edit, node));
  auto index = child_for(*inner, record->tail());
  auto grown = put_into(edit, inner->children[index], std::move(record));
  refresh_child(*inner, index, grown.node);
  if (!grown.right) return {inner};
  ++index;
  if (inner->size < kWidth) {
    insert_child(*inner, index, grown.right);
    return {inner};
  }
  auto* right = split(edit, *inner, index);
  if (index > inner->size) {
    insert_child(*right, index - inner->size, grown.right);
  } else {
    insert_child(*inner, index, grown.right);
  }
  return {inner, right};
}

void append_all(Leaf& to, const Leaf& from) {
  for (unsigned i = 0; i < from.size; ++i) {
    from.firsts[i]->take();
    to.firsts[to.size++] = from.firsts[i];
  }
  refresh_heads(to);
}

void append_all(Inner& to, const Inner& from) {
  for (unsigned i = 0; i < from.size; ++i) {
    to.firsts[to.size] = from.firsts[i];
    to.counts[to.size] = from.counts[i];
    to.children[to.size++] = take(from.children[i]);
  }
  refresh_heads(to);
}

// Joins a child that has become small with a neighbour if both fit into one with room to spare.
void merge_small(Edit edit, Inner& inner, unsigned index) {
  if (inner.children[index]->size >= kFewest) return;
  for (unsigned left : {index, index - 1}) {
    if (left >= inner.size || left + 1 >= inner.size) continue;  // index - 1 wraps at 0
    const auto* right = inner.children[left + 1];
    if (unsigned{inner.children[left]->size} + right->size > kMerged) continue;
    auto* joined = writable(edit, inner.children[left]);
    if (joined->leaf) {
      append_all(static_cast<Leaf&>(*joined), as_leaf(*right));
    } else {
      append_all(static_cast<Inner&>(*joined), as_inner(*right));
    }
    refresh_child(inner, left, joined);
    drop(right);
    remove_child(inner, left + 1);
    return;
  }
}

// The tail is there. Null: the node has become empty and is gone.
TreeNode* erase_from(Edit edit, const TreeNode* node, std::string_view tail) {
  if (node->leaf) {
    auto* leaf = static_cast<Leaf*>(writable(edit, node));
    auto index = lower_bound(*leaf, tail);
    leaf->firsts[index]->drop();
    remove_at(leaf->heads, leaf->size, index);
    remove_at(leaf->firsts, leaf->size, index);
    --leaf->size;
    if (leaf->size > 0) return leaf;
    drop(leaf);
    return nullptr;
  }
  auto* inner = static_cast<Inner*>(writable(edit, node));
  auto index = child_for(*inner, tail);
  if (auto* child = erase_from(edit, inner->children[index], tail)) {
    refresh_child(*inner, index, child);
    merge_small(edit, *inner, index);
  } else {
    remove_child(*inner, index);
  }
  if (inner->size > 0) return inner;
  drop(inner);
  return nullptr;
}

}  // namespace

Tree::Tree(const Tree& other) : root_(take(other.root_)) {}

Tree::~Tree() {
  if (root_) drop(root_);
}

const Record* Tree::find(std::string_view tail) const {
  const auto* node = root_;
  if (!node) return nullptr;
  while (!node->leaf) node = as_inner(*node).children[child_for(as_inner(*node), tail)];
  const auto& leaf = as_leaf(*node);
  auto index = lower_bound(leaf, tail);
  return index < leaf.size && leaf.firsts[index]->tail() == tail ? leaf.firsts[index] : nullptr;
}

std::size_t Tree::size() const {
  return root_ ? count_of(*root_) : 0;
}

std::size_t Tree::rank(std::string_view tail) const {
  std::size_t less = 0;
  const auto* node = root_;
  if (!node) return 0;
  while (!node->leaf) {
    const auto& inner = as_inner(*node);
    auto index = child_for(inner, tail);
    for (unsigned i = 0; i < index; ++i) less += inner.counts[i];
    node = inner.children[index];
  }
  return less + lower_bound(as_leaf(*node), tail);
}

void Tree::put(Edit edit, RecordPtr record) {
  if (!root_) root_ = new Leaf(edit);
  auto grown = put_into(edit, root_, std::move(record));
  root_ = grown.node;
  if (!grown.right) return;
  auto* root = new Inner(edit);
  insert_child(*root, 0, grown.node);
  insert_child(*root, 1, grown.right);
  root_ = root;
}

bool Tree::erase(Edit edit, std::string_view tail) {
  if (!find(tail)) return false;
  root_ = erase_from(edit, root_, tail);
  while (root_ && !root_->leaf && root_->size == 1) {
    const auto* only = take(as_inner(*root_).children[0]);
    drop(root_);
    root_ = only;
  }
  return true;
}

Tree::Cursor::Cursor(const Tree& tree, std::string_view from) {
  const auto* node = tree.root_;
  if (!node) return;
  while (!node->leaf) {
    CHECK(depth_ < kMaxDepth);
    auto index = child_for(as_inner(*node), from);
    path_[depth_++] = {node, index};
    node = as_inner(*node).children[index];
  }
  CHECK(depth_ < kMaxDepth);
  auto index = lower_bound(as_leaf(*node), from);
  path_[depth_++] = {node, index};
  if (index == node->size) {
    path_[depth_ - 1].index = index - 1;
    next();
  }
}

const Record* Tree::Cursor::get() const {
  return depth_ == 0 ? nullptr : as_leaf(*path_[depth_ - 1].node).firsts[path_[depth_ - 1].index];
}

void Tree::Cursor::descend(const TreeNode* node) {
  for (;; node = as_inner(*node).children[0]) {
    CHECK(depth_ < kMaxDepth);
    path_[depth_++] = {node, 0};
    if (node->leaf) return;
  }
}

void Tree::Cursor::next() {
  while (depth_ > 0) {
    auto& step = path_[depth_ - 1];
    if (++step.index < step.node->size) {
      if (!step.node->leaf) descend(as_inner(*step.node).children[step.index]);
      return;
    }
    --depth_;
  }
}

}  // namespace podpass::store
