#include "ordo/machine/rmc_term.h"

#include <algorithm>
#include <limits>

#include "ordo/base/error.h"
#include "ordo/machine/flat_map.h"

namespace ordo::machine::rmc {
namespace {

bool name_byte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '\'';
}

// Whether an atom may stand without quotes. Names beyond ASCII are quoted, for clarity.
bool is_plain(std::string_view name) {
  return !name.empty() && name[0] >= 'a' && name[0] <= 'z' &&
         std::all_of(name.begin(), name.end(), name_byte);
}

std::string single_quoted(std::string_view name) {
  std::string out = "'";
  for (const char c : name) {
    if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else {
      if (c == '\'' || c == '\\') out += '\\';
      out += c;
    }
  }
  return out += '\'';
}

std::uint32_t checked(std::size_t size) {
  if (size >= std::numeric_limits<std::uint32_t>::max()) {
    throw LimitError("the programs of this session have more than 2^32 nodes");
  }
  return static_cast<std::uint32_t>(size);
}

}  // namespace

Terms::Terms() {
  intern("");
  nil_ = intern("nil");
  cons_ = intern("cons");
  skip_ = add({.op = Op::skip});
  fail_ = add({.op = Op::fail});
}

Symbol Terms::intern(std::string_view canonical) {
  if (const auto found = index_.find(canonical); found != index_.end()) return found->second;
  symbols_.emplace_back(canonical);
  const auto symbol = static_cast<Symbol>(symbols_.size() - 1);
  index_.emplace(symbols_.back(), symbol);
  return symbol;
}

Symbol Terms::atom(std::string_view name) {
  return is_plain(name) ? intern(name) : intern(single_quoted(name));
}

Symbol Terms::location(std::string_view name) { return name == "main" ? kMain : intern(name); }

VarId Terms::fresh_variable(std::string_view name) {
  const bool starts = !name.empty() && ((name[0] >= 'A' && name[0] <= 'Z') || name[0] == '_');
  const bool valid = starts && std::all_of(name.begin(), name.end(), name_byte);
  return fresh_variable(intern(valid ? name : "X"));
}

VarId Terms::fresh_variable(Symbol name) {
  variables_.push_back(name);
  return checked(variables_.size() - 1);
}

VarId Terms::free_variable(std::string_view name) {
  const auto [place, fresh] = free_.try_emplace(intern(name), 0);
  if (fresh) place->second = fresh_variable(name);
  return place->second;
}

namespace {

// Where a list keeps the node of that number; kNone at first.
constexpr TermId kNone = ~TermId{0};
TermId& place_of(Pool<TermId>& list, std::uint32_t number) {
  while (list.size() <= number) list.push_back(kNone);
  return list[number];
}

}  // namespace

TermId Terms::var(VarId variable) {
  TermId& known = place_of(variable_terms_, variable);
  if (known == kNone) known = add_term({true, false, variable, 0, 0});
  return known;
}

TermId Terms::constant(Symbol functor) {
  TermId& known = place_of(constant_terms_, functor);
  if (known == kNone) known = add_term({false, true, functor, 0, 0});
  return known;
}

TermId Terms::add_term(TermNode node) {
  terms_.push_back(node);
  return checked(terms_.size() - 1);
}

TermId Terms::app(Symbol functor, std::span<const TermId> args) {
  if (args.empty()) return constant(functor);
  bool ground = true;
  const std::uint32_t start = checked(args_.size());
  for (const TermId arg : args) {
    ground &= terms_[arg].ground;
    args_.push_back(arg);
  }
  return add_term({false, ground, functor, start, static_cast<std::uint32_t>(args.size())});
}

TermId Terms::integer(std::string_view digits) {  // canonical: no leading zeros, no -0
  const bool negative = digits[0] == '-';
  digits.remove_prefix(negative ? 1 : 0);
  digits.remove_prefix(std::min(digits.find_first_not_of('0'), digits.size() - 1));
  return constant(intern((negative && digits != "0" ? "-" : "") + std::string(digits)));
}

TermId Terms::list(std::span<const TermId> items, TermId tail) {
  for (auto item = items.rbegin(); item != items.rend(); ++item) {
    const TermId parts[] = {*item, tail};
    tail = app(cons_, parts);
  }
  return tail;
}

ProgramId Terms::add(ProgramNode node) {
  programs_.push_back(node);
  return checked(programs_.size() - 1);
}

ProgramId Terms::seq(ProgramId first, ProgramId second) {
  return add({.op = Op::seq, .first = first, .second = second});
}
ProgramId Terms::seq(std::span<const ProgramId> parts) {
  if (parts.empty()) return skip_;
  ProgramId built = parts.back();
  for (std::size_t i = parts.size() - 1; i-- > 0;) built = seq(parts[i], built);
  return built;
}
ProgramId Terms::sum(ProgramId left, ProgramId right) {
  return add({.op = Op::sum, .first = left, .second = right});
}
ProgramId Terms::sum(std::span<const ProgramId> parts) {
  if (parts.empty()) return fail_;
  ProgramId built = parts.back();
  for (std::size_t i = parts.size() - 1; i-- > 0;) built = sum(parts[i], built);
  return built;
}
ProgramId Terms::star(ProgramId body) { return add({.op = Op::star, .first = body}); }
ProgramId Terms::fresh(VarId variable, ProgramId body) {
  return add({.op = Op::fresh, .label = variable, .first = body});
}
ProgramId Terms::fresh(std::span<const VarId> variables, ProgramId body) {
  for (auto v = variables.rbegin(); v != variables.rend(); ++v) body = fresh(*v, body);
  return body;
}
ProgramId Terms::push(TermId term, Symbol location) {
  return add({.op = Op::push, .label = location, .first = term});
}
ProgramId Terms::pop(Symbol location, TermId term) {
  return add({.op = Op::pop, .label = location, .first = term});
}
ProgramId Terms::equate(TermId left, TermId right) {
  return add({.op = Op::equate, .first = left, .second = right});
}
ProgramId Terms::call(DefinitionId definition) {
  return add({.op = Op::call, .label = definition});
}

void Terms::set_span(ProgramId id, Span span) {
  if (id == skip_ || id == fail_) return;
  if (spans_.size() <= id) spans_.extend(std::size_t{id} + 1);
  spans_[id] = span;
}

DefinitionId Terms::define(Symbol name, ProgramId body, Span span) {
  definitions_.push_back({name, body, span});
  const DefinitionId id = checked(definitions_.size() - 1);
  defined_[name] = id;
  return id;
}

std::optional<DefinitionId> Terms::find_definition(Symbol name) const {
  const auto found = defined_.find(name);
  if (found == defined_.end()) return std::nullopt;
  return found->second;
}

namespace {

// Rebuilds what is reachable from `root` bottom-up with an explicit stack, each node once. `make`
// gets a node whose children are built.
template <class Children, class Make>
ProgramId rebuild(ProgramId root, std::unordered_map<ProgramId, ProgramId>& done,
                  const Children& children, const Make& make) {
  std::vector<std::pair<ProgramId, bool>> tasks{{root, false}};
  while (!tasks.empty()) {
    const auto [id, ready] = tasks.back();
    tasks.pop_back();
    if (done.contains(id)) continue;
    if (ready) {
      done[id] = make(id);
      continue;
    }
    tasks.emplace_back(id, true);
    children(id, [&](ProgramId child) {
      if (!done.contains(child)) tasks.emplace_back(child, false);
    });
  }
  return done.at(root);
}

}  // namespace

ProgramId Terms::dual(ProgramId root) {
  std::unordered_map<ProgramId, ProgramId> done;
  const auto children = [&](ProgramId id, auto&& visit) {
    const ProgramNode& node = programs_[id];
    if (node.op == Op::seq || node.op == Op::sum) visit(node.second);
    if (node.op <= Op::fresh && node.op >= Op::seq) visit(node.first);
  };
  return rebuild(root, done, children, [&](ProgramId id) {
    ProgramNode node = programs_[id];
    switch (node.op) {
      case Op::skip:
      case Op::fail:
        return id;
      case Op::seq:
        node.first = done.at(programs_[id].second);
        node.second = done.at(programs_[id].first);
        break;
      case Op::sum:
        node.first = done.at(node.first);
        node.second = done.at(node.second);
        break;
      case Op::star:
      case Op::fresh:
        node.first = done.at(node.first);
        break;
      case Op::push:
        node.op = Op::pop;
        break;
      case Op::pop:
        node.op = Op::push;
        break;
      case Op::equate:
        std::swap(node.first, node.second);
        break;
      case Op::call:
        node.dual = !node.dual;
        break;
    }
    const ProgramId made = add(node);
    set_span(made, span(id));
    return made;
  });
}

// Definitions refer to earlier ones only, so a walk over calls as children ends.
ProgramId Terms::expand(ProgramId root) {
  const auto body_of = [&](const ProgramNode& call) {
    const ProgramId body = definitions_[call.label].body;
    if (!call.dual) return body;
    const auto [place, fresh] = expanded_dual_.try_emplace(body, 0);
    if (fresh) {
      const ProgramId made = dual(body);
      expanded_dual_[body] = made;
    }
    return expanded_dual_.at(body);
  };
  const auto children = [&](ProgramId id, auto&& visit) {
    const ProgramNode node = programs_[id];
    if (node.op == Op::call) visit(body_of(node));
    if (node.op == Op::seq || node.op == Op::sum) visit(node.second);
    if (node.op <= Op::fresh && node.op >= Op::seq) visit(node.first);
  };
  return rebuild(root, expanded_, children, [&](ProgramId id) {
    ProgramNode node = programs_[id];
    if (node.op == Op::call) return expanded_.at(body_of(node));
    const bool two = node.op == Op::seq || node.op == Op::sum;
    if (!two && node.op != Op::star && node.op != Op::fresh) return id;
    const ProgramId first = expanded_.at(node.first);
    const ProgramId second = two ? expanded_.at(node.second) : node.second;
    if (first == node.first && second == node.second) return id;
    node.first = first;
    node.second = second;
    const ProgramId made = add(node);
    set_span(made, span(id));
    return made;
  });
}

ProgramId Terms::map_leaves(ProgramId root, const std::function<ProgramId(ProgramId)>& leaf) {
  std::unordered_map<ProgramId, ProgramId> done;
  const auto children = [&](ProgramId id, auto&& visit) {
    const ProgramNode node = programs_[id];
    if (node.op == Op::seq || node.op == Op::sum) visit(node.second);
    if (node.op <= Op::fresh && node.op >= Op::seq) visit(node.first);
  };
  return rebuild(root, done, children, [&](ProgramId id) {
    ProgramNode node = programs_[id];
    const bool two = node.op == Op::seq || node.op == Op::sum;
    ProgramId made = id;
    if (two || node.op == Op::star || node.op == Op::fresh) {
      node.first = done.at(node.first);
      if (two) node.second = done.at(node.second);
      const ProgramNode& old = programs_[id];
      if (node.first == old.first && node.second == old.second) return id;
      made = add(node);
    } else {
      made = leaf(id);
    }
    if (made != id) set_span(made, span(id));
    return made;
  });
}

std::vector<VarId> Terms::variables_of(TermId root) const {
  std::vector<VarId> found;
  FlatMap seen;
  std::vector<TermId> tasks{root};
  while (!tasks.empty()) {
    const TermId id = tasks.back();
    tasks.pop_back();
    if (terms_[id].ground) continue;
    if (terms_[id].is_variable) {
      if (seen[terms_[id].label]++ == 0) found.push_back(terms_[id].label);
      continue;
    }
    const auto parts = args(id);
    tasks.insert(tasks.end(), parts.rbegin(), parts.rend());
  }
  return found;
}

std::vector<VarId> Terms::free_variables(ProgramId root) const {
  std::vector<VarId> found;
  FlatMap bound;  // how many open scopes bind it; those found count as bound from then on
  std::vector<TermId> terms;
  struct Task {
    ProgramId id;
    bool leave;
  };
  std::vector<Task> tasks{{root, false}};
  const auto visit_term = [&](TermId term) {
    terms.assign(1, term);
    while (!terms.empty()) {
      const TermId id = terms.back();
      terms.pop_back();
      if (terms_[id].ground) continue;
      if (terms_[id].is_variable) {
        if (bound[terms_[id].label] > 0) continue;
        bound[terms_[id].label] = 1;
        found.push_back(terms_[id].label);
        continue;
      }
      const auto parts = args(id);
      terms.insert(terms.end(), parts.rbegin(), parts.rend());
    }
  };
  while (!tasks.empty()) {
    const Task task = tasks.back();
    tasks.pop_back();
    const ProgramNode& node = programs_[task.id];
    if (task.leave) {
      --bound[node.label];
      continue;
    }
    switch (node.op) {
      case Op::seq:
      case Op::sum:
        tasks.push_back({node.second, false});
        tasks.push_back({node.first, false});
        break;
      case Op::fresh:
        ++bound[node.label];
        tasks.push_back({task.id, true});
        tasks.push_back({node.first, false});
        break;
      case Op::star:
        tasks.push_back({node.first, false});
        break;
      case Op::equate:
        visit_term(node.first);
        visit_term(node.second);
        break;
      case Op::push:
      case Op::pop:
        visit_term(node.first);
        break;
      default:
        break;
    }
  }
  return found;
}

namespace {

// A program as a stream of events; the bracketing of `;` and `+` leaves no trace in it.
class Walk {
 public:
  struct Event {
    enum Kind { node, open, close, end } kind;
    ProgramId id;
    Op op;
  };
  Walk(const Terms& terms, ProgramId root) : terms_(terms) { tasks_.push_back({root, Op::skip}); }

  Event next() {
    while (!tasks_.empty()) {
      const auto [id, context, closing] = tasks_.back();
      tasks_.pop_back();
      const ProgramNode& node = terms_.program(id);
      if (closing) return {Event::close, id, node.op};
      const bool spine = node.op == Op::seq || node.op == Op::sum;
      if (spine) {
        if (context != node.op) tasks_.push_back({id, node.op, true});
        tasks_.push_back({node.second, node.op});
        tasks_.push_back({node.first, node.op});
        if (context != node.op) return {Event::open, id, node.op};
        continue;
      }
      if (node.op == Op::star || node.op == Op::fresh) {
        tasks_.push_back({id, node.op, true});
        tasks_.push_back({node.first, node.op});
        return {Event::open, id, node.op};
      }
      return {Event::node, id, node.op};
    }
    return {Event::end, 0, Op::skip};
  }

 private:
  struct Task {
    ProgramId id;
    Op context;
    bool closing = false;
  };
  const Terms& terms_;
  std::vector<Task> tasks_;
};

// Which binder a variable belongs to: a number that both sides share.
class Binders {
 public:
  void enter(VarId v, std::uint32_t number) {
    std::uint32_t& current = number_[v];
    shadowed_.push_back({v, current});
    current = number;
  }
  void leave() {
    number_[shadowed_.back().first] = shadowed_.back().second;
    shadowed_.pop_back();
  }
  std::uint32_t operator()(VarId v) const {
    const auto found = number_.find(v);
    return found == number_.end() ? 0 : found->second;
  }

 private:
  std::unordered_map<VarId, std::uint32_t> number_;
  std::vector<std::pair<VarId, std::uint32_t>> shadowed_;
};

template <class SameVariable>
bool same_terms(const Terms& terms, TermId a, TermId b, const SameVariable& same) {
  std::vector<std::pair<TermId, TermId>> tasks{{a, b}};
  while (!tasks.empty()) {
    const auto [left, right] = tasks.back();
    tasks.pop_back();
    const TermNode& x = terms.term(left);
    const TermNode& y = terms.term(right);
    if (x.is_variable != y.is_variable) return false;
    if (x.is_variable) {
      if (!same(x.label, y.label)) return false;
      continue;
    }
    if (left == right && x.ground) continue;
    if (x.label != y.label || x.arity != y.arity) return false;
    for (std::uint32_t i = 0; i < x.arity; ++i) {
      tasks.emplace_back(terms.args(left)[i], terms.args(right)[i]);
    }
  }
  return true;
}

}  // namespace

bool Terms::equal_terms(TermId a, TermId b) const {
  return same_terms(*this, a, b, [](VarId x, VarId y) { return x == y; });
}

bool Terms::equal(ProgramId a, ProgramId b) const {
  Walk left(*this, a), right(*this, b);
  Binders of_left, of_right;
  std::uint32_t binders = 0;
  const auto same = [&](VarId x, VarId y) {
    return of_left(x) == of_right(y) && (of_left(x) != 0 || x == y);
  };
  while (true) {
    const Walk::Event x = left.next(), y = right.next();
    if (x.kind != y.kind || x.op != y.op) return false;
    if (x.kind == Walk::Event::end) return true;
    const ProgramNode& m = programs_[x.id];
    const ProgramNode& n = programs_[y.id];
    if (x.op == Op::fresh && x.kind == Walk::Event::open) {
      ++binders;
      of_left.enter(m.label, binders);
      of_right.enter(n.label, binders);
    } else if (x.op == Op::fresh) {
      of_left.leave();
      of_right.leave();
    } else if (x.op == Op::push || x.op == Op::pop) {
      if (m.label != n.label || !same_terms(*this, m.first, n.first, same)) return false;
    } else if (x.op == Op::equate) {
      if (!same_terms(*this, m.first, n.first, same)) return false;
      if (!same_terms(*this, m.second, n.second, same)) return false;
    } else if (x.op == Op::call) {
      if (m.label != n.label || m.dual != n.dual) return false;
    }
  }
}

}  // namespace ordo::machine::rmc
