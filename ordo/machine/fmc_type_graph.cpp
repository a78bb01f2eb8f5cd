#include "ordo/machine/fmc_type_graph.h"

#include <fmt/format.h>

namespace ordo::machine::fmc {
namespace {

constexpr const char* kOccurs = "this type would have to contain itself";

}  // namespace

TypeId TypeGraph::make(TypeNode node) {
  nodes_.push_back(node);
  parent_.push_back(static_cast<TypeId>(parent_.size()));
  return parent_.back();
}

TypeId TypeGraph::find(TypeId id) {
  while (parent_[id] != id) id = parent_[id] = parent_[parent_[id]];
  return id;
}

std::pair<TypeId, TypeId> TypeGraph::expose(TypeId row, Symbol label, TypeId closed_tail) {
  std::vector<std::pair<Symbol, TypeId>> passed;
  TypeId at = find(row);
  while (nodes_[at].kind == Kind::field && nodes_[at].label != label) {
    passed.emplace_back(nodes_[at].label, nodes_[at].first);
    at = find(nodes_[at].second);
    if (passed.size() > nodes_.size()) throw Mismatch{kOccurs};
  }
  if (nodes_[at].kind == Kind::variable || nodes_[at].kind == Kind::rigid_rest) {
    if (at == closed_tail) throw Mismatch{kOccurs};
    // Of a rest that is not known it is known that each stack has something in it.
    const TypeNode end = nodes_[at];
    const bool open = end.kind == Kind::variable;
    const TypeId type = open ? variable() : make({Kind::rigid, label, end.first});
    const TypeId rest = make({end.kind, end.label, end.first});
    const TypeId extended = field(label, type, rest);
    parent_[at] = extended;
    at = extended;
  }
  if (nodes_[at].kind != Kind::field) {
    throw Mismatch{
        fmt::format("{} where {} is needed", describe({Kind::field, label}), describe(nodes_[at]))};
  }
  TypeId rest = nodes_[at].second;
  const TypeId type = nodes_[at].first;
  for (auto p = passed.rbegin(); p != passed.rend(); ++p) rest = field(p->first, p->second, rest);
  return {type, rest};
}

TypeId TypeGraph::tail(TypeId row) {
  std::size_t seen = 0;
  for (row = find(row); nodes_[row].kind == Kind::field; row = find(nodes_[row].second)) {
    if (++seen > nodes_.size()) throw Mismatch{kOccurs};
  }
  return row;
}

void TypeGraph::unify(TypeId a, TypeId b) {
  std::vector<std::pair<TypeId, TypeId>> todo{{a, b}};
  while (!todo.empty()) {
    TypeId x = find(todo.back().first), y = find(todo.back().second);
    todo.pop_back();
    if (x == y) continue;
    if (nodes_[y].kind == Kind::variable) std::swap(x, y);
    const bool closed = nodes_[x].kind == Kind::data || nodes_[x].kind == Kind::framed;
    if (nodes_[x].kind == Kind::rigid_rest || closed) std::swap(x, y);
    const TypeNode left = nodes_[x], right = nodes_[y];
    const bool same_label = left.label == right.label;
    if (left.kind == Kind::variable) {
      parent_[x] = y;
    } else if (left.kind == Kind::arrow &&
               (right.kind == Kind::data || right.kind == Kind::framed)) {
      if (left.label == 0) {
        throw Mismatch{fmt::format("{} where {} is needed", describe(right), describe(left)),
                       "give the variable its type where it is bound: <x : ...>"};
      }
      const TypeNode made = nodes_[fold_(x, y)];
      parent_[x] = y;
      todo.emplace_back(left.first, made.first);
      todo.emplace_back(left.second, made.second);
    } else if (left.kind == Kind::field &&
               (right.kind == Kind::rigid_rest || (right.kind == Kind::field && !same_label))) {
      const auto [type, rest] = expose(y, left.label, tail(x));
      todo.emplace_back(left.first, type);
      todo.emplace_back(left.second, rest);
    } else if (left.kind != right.kind || left.kind == Kind::rigid ||
               left.kind == Kind::rigid_rest ||
               ((left.kind == Kind::data || left.kind == Kind::frame) && !same_label)) {
      throw Mismatch{fmt::format("{} where {} is needed", describe(left), describe(right))};
    } else {
      parent_[x] = y;
      if (left.kind == Kind::arrow) nodes_[y].label = left.label & right.label;
      const int count = child_count(left.kind);
      if (count > 0) todo.emplace_back(left.first, right.first);
      if (count > 1) todo.emplace_back(left.second, right.second);
    }
  }
}

FlatMap TypeGraph::references(TypeId root) {
  FlatMap counts;
  counts.set(find(root), 1);
  std::vector<TypeId> todo{find(root)};
  while (!todo.empty()) {
    const TypeNode node = nodes_[todo.back()];
    todo.pop_back();
    for (int k = 0; k < child_count(node.kind); ++k) {
      const TypeId child = find(k == 0 ? node.first : node.second);
      if (counts[child]++ == 0) todo.push_back(child);
    }
  }
  return counts;
}

bool TypeGraph::cyclic(TypeId root) {
  enum : std::uint32_t { kNew, kOnPath, kDone };
  FlatMap state;
  std::vector<TypeId> path{find(root)};
  while (!path.empty()) {
    const TypeId at = path.back();
    std::uint32_t& mine = state[at];
    if (mine != kNew) {
      mine = kDone;
      path.pop_back();
      continue;
    }
    mine = kOnPath;
    const TypeNode node = nodes_[at];
    for (int k = 0; k < child_count(node.kind); ++k) {
      const TypeId child = find(k == 0 ? node.first : node.second);
      const std::uint32_t* const found = state.find(child);
      if (found == nullptr) {
        path.push_back(child);
      } else if (*found == kOnPath) {
        return true;
      }
    }
  }
  return false;
}

TypeId TypeGraph::instantiate(TypeId root) {
  FlatMap copies;
  std::vector<TypeId> todo;
  const auto copy = [&](TypeId id) {
    id = find(id);
    if (const TypeId* known = copies.find(id)) return *known;
    const TypeId made = make({nodes_[id].kind, nodes_[id].label, 0, 0});
    copies.set(id, made);
    todo.push_back(id);
    return made;
  };
  const TypeId made = copy(root);
  while (!todo.empty()) {
    const TypeId id = todo.back();
    todo.pop_back();
    const TypeNode node = nodes_[id];
    const int count = child_count(node.kind);
    const TypeId first = count > 0 ? copy(node.first) : 0;
    const TypeId second = count > 1 ? copy(node.second) : 0;
    TypeNode& mine = nodes_[*copies.find(id)];
    mine.first = first;
    mine.second = second;
  }
  return made;
}

TypeId TypeGraph::open_memory(TypeId row, const std::function<TypeId(Symbol)>& open) {
  std::vector<std::pair<Symbol, TypeId>> stacks;
  for (row = find(row); nodes_[row].kind == Kind::field; row = find(nodes_[row].second)) {
    std::vector<TypeId> items;
    TypeId at = find(nodes_[row].first);
    for (; nodes_[at].kind == Kind::cons; at = find(nodes_[at].first))
      items.push_back(nodes_[at].second);
    TypeId stack = open(nodes_[at].label);
    for (auto item = items.rbegin(); item != items.rend(); ++item) stack = cons(stack, *item);
    stacks.emplace_back(nodes_[row].label, stack);
  }
  TypeId made = open(kRowEnd);
  for (auto s = stacks.rbegin(); s != stacks.rend(); ++s) made = field(s->first, s->second, made);
  return made;
}

TypeId TypeGraph::open_frames(TypeId framed, const std::function<TypeId(Symbol)>& open) {
  const TypeNode inside = (*this)[(*this)[framed].first];
  std::vector<std::pair<Symbol, TypeId>> exits;
  TypeId row = find(inside.second);
  for (; nodes_[row].kind == Kind::field; row = find(nodes_[row].second))
    exits.emplace_back(nodes_[row].label, nodes_[row].first);
  TypeId made = open(kExitsEnd);
  for (auto e = exits.rbegin(); e != exits.rend(); ++e)
    made = field(e->first, open_memory(e->second, open), made);
  return arrow(open_memory(inside.first, open), made);
}

std::string TypeGraph::describe(const TypeNode& node) const {
  switch (node.kind) {
    case Kind::integer:
      return "Int";
    case Kind::string:
      return "Str";
    case Kind::arrow:
    case Kind::framed:
      return "a thunk";
    case Kind::data:
      return terms_.text(node.label);
    case Kind::cons:
      return "one more value";
    case Kind::rigid:
    case Kind::rigid_rest:
    case Kind::frame:
      return "what lies below, which the type leaves alone,";
    case Kind::field:
      if (node.label <= kExitsEnd && node.label < kAnyString && node.label != kMain)
        return fmt::format("'{}'", terms_.text(node.label));
      return "a stack";
    default:
      return "nothing";
  }
}

}  // namespace ordo::machine::fmc
