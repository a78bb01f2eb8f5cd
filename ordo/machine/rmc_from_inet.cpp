#include "ordo/machine/rmc_from_inet.h"

#include <algorithm>
#include <cctype>
#include <map>
#include <set>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>

#include "ordo/machine/rmc_inet.h"

namespace ordo::machine::rmc {
namespace {

// Whether a port puts a value out (+) or takes one in (-): a union-find with signs. Element 0 is +.
struct Sign {
  std::uint32_t element = 0;
  bool negative = false;
};
constexpr Sign kOutput{0, false}, kInput{0, true};

class Polarity {
 public:
  std::uint32_t add() {
    links_.push_back({static_cast<std::uint32_t>(links_.size()), false});
    return links_.back().element;
  }
  /// Makes a and b the same (opposite) sign; false if they cannot be.
  bool unify(Sign a, Sign b) {
    a = root(a);
    b = root(b);
    if (a.element == b.element) return a.negative == b.negative;
    if (a.element < b.element) std::swap(a, b);  // the root of + stays a root
    links_[a.element] = {b.element, a.negative != b.negative};
    return true;
  }
  bool oppose(Sign a, Sign b) { return unify(a, {b.element, !b.negative}); }
  /// Where nothing determines it, any consistent choice will do: +.
  bool is_output(Sign sign) { return !root(sign).negative; }

 private:
  Sign root(Sign sign) {
    while (links_[sign.element].element != sign.element) {
      const Sign up = links_[sign.element];
      const Sign next = links_[up.element];
      links_[sign.element] = {next.element, up.negative != next.negative};
      sign = {up.element, sign.negative != up.negative};
    }
    return {sign.element, sign.negative != links_[sign.element].negative};
  }
  std::vector<Sign> links_{{0, false}};
};

struct Agent {
  enum class Kind { constructor, destructor } kind;
  std::size_t arity;
  std::vector<std::uint32_t> ports = {};  // a destructor's auxiliary ports in the union-find
};
using Agents = std::unordered_map<std::string, Agent>;

struct Clause {
  std::vector<TermId> atoms;                               // the head first, if there is one
  std::vector<std::pair<std::size_t, std::size_t>> wires;  // atoms of the right side it joins
  std::vector<std::pair<Sign, Sign>> signs;                // of each such wire's ends
  std::vector<VarId> bound;
  std::vector<ProgramId> equations;
  Span span;
};

// One rule or net: its wires are solved, checked and turned into terms.
class ClauseBuilder {
 public:
  ClauseBuilder(Translation& t, const InetProgram& program, const Agents& agents,
                Polarity& polarity)
      : t_(t), terms_(t.terms), program_(program), agents_(agents), polarity_(polarity) {}

  Clause rule(const InetRule& rule) {
    in_rule_ = true;
    clause_.span = rule.span;
    count(rule.destructor);
    count(rule.constructor);
    if (!solve(rule.wiring)) return {};
    add_atom(rule.destructor, rule.constructor, Side::head);
    return finish(rule.wiring);
  }

  Clause net(const InetWiring& wiring) {
    in_rule_ = false;
    clause_.span = wiring.span;
    if (!solve(wiring)) return {};
    return finish(wiring);
  }

 private:
  enum class Side { head, body };
  static constexpr std::size_t kOutside = ~std::size_t{0};  // no atom of the right side
  struct End {
    Sign sign;
    std::size_t atom;
  };
  struct Wire {
    std::string name;
    Span span;
    std::size_t count = 0;  // how often the text names it
    std::vector<End> ends = {};
    std::optional<InetTreeId> same = {};  // the tree that stands for it
    VarId variable = 0;
  };

  const InetTree& tree(InetTreeId id) const { return program_.trees[id]; }
  bool is_wire(InetTreeId id) const {
    return !tree(id).applied && !agents_.contains(tree(id).name);
  }
  const Agent& agent(InetTreeId id) const { return agents_.at(tree(id).name); }
  bool is_destructor(InetTreeId id) const {
    return !is_wire(id) && agent(id).kind == Agent::Kind::destructor;
  }
  Wire& wire(InetTreeId id) {
    const auto [place, fresh] = index_.try_emplace(tree(id).name, wires_.size());
    if (fresh) wires_.push_back({tree(id).name, tree(id).span});
    return wires_[place->second];
  }
  bool fail(Span span, std::string message, std::string hint = {}) {
    t_.problems.error(span, std::move(message), std::move(hint));
    return false;
  }

  // Counts the wires' ends in a tree.
  void count(InetTreeId root) {
    std::vector<InetTreeId> rest{root};
    while (!rest.empty()) {
      const InetTreeId id = rest.back();
      rest.pop_back();
      if (is_wire(id))
        ++wire(id).count;
      else
        rest.insert(rest.end(), tree(id).ports.rbegin(), tree(id).ports.rend());
    }
  }

  bool check_shape(const InetConnection& c) {
    if (!c.active) {
      for (const InetTreeId side : {c.left, c.right}) {
        if (is_destructor(side))
          return fail(tree(side).span,
                      fmt::format("'{}' is a destructor and stands for no value", tree(side).name),
                      "connect its principal port: AGENT(...) >< TREE");
      }
      return true;
    }
    if (is_destructor(c.left) != is_destructor(c.right)) return true;
    return fail(Span::join(tree(c.left).span, tree(c.right).span),
                "expected a destructor on one side of '><' and a value on the other",
                "the net is not polarised: where two destructors (or two constructors) face each "
                "other, popping a goal would have to guess an agent");
  }

  // Counts and checks ends, then binds wires to what '=' says.
  bool solve(const InetWiring& wiring) {
    for (const InetConnection& c : wiring.connections) {
      if (!check_shape(c)) return false;
      count(c.left);
      count(c.right);
    }
    for (const Wire& w : wires_) {
      if (w.count == 2 || (!in_rule_ && w.count == 1)) continue;
      return fail(w.span,
                  fmt::format("the wire '{}' has {} end{}, expected two", w.name, w.count,
                              w.count == 1 ? "" : "s"),
                  "copy and erase by agents of their own; a constructor without ports that no rule "
                  "names is written a()");
    }
    for (const InetConnection& c : wiring.connections)
      if (!c.active && !bind(c)) return false;
    for (Wire& w : wires_) {
      if (w.same) continue;
      std::string hint = w.name;
      hint[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(hint[0])));
      w.variable = w.count == 1 ? terms_.free_variable(hint) : terms_.fresh_variable(hint);
      if (w.count == 2) clause_.bound.push_back(w.variable);
    }
    return true;
  }

  InetTreeId resolve(InetTreeId id) {
    while (is_wire(id)) {
      const Wire& w = wire(id);
      if (!w.same) break;
      id = *w.same;
    }
    return id;
  }

  bool bind(const InetConnection& c) {
    const InetTreeId left = resolve(c.left), right = resolve(c.right);
    const bool left_wire = is_wire(left), right_wire = is_wire(right);
    const Span span = Span::join(tree(c.left).span, tree(c.right).span);
    if (left_wire && right_wire && tree(left).name == tree(right).name)
      return fail(span, "this closes a wire onto itself");
    const auto inner = [&](InetTreeId id) { return is_wire(id) && wire(id).count == 2; };
    if (inner(left)) {
      wire(left).same = right;
    } else if (inner(right)) {
      wire(right).same = left;
    } else if (left_wire != right_wire) {
      outputs_.push_back(left_wire ? std::pair{left, right} : std::pair{right, left});
    } else {
      return fail(span, left_wire ? "this joins two outputs of the net"
                                  : "two values meet here, expected a wire on one side");
    }
    return true;
  }

  // The atom d(x, y...) for a connection; its wires' ends are those of the head or of one atom.
  bool add_atom(InetTreeId destructor, InetTreeId principal, Side side) {
    const std::size_t atom = side == Side::head ? kOutside : clause_.atoms.size();
    const bool flip = side == Side::head;  // the inside sees a head's ports from the other end
    std::vector<TermId> ports;
    if (flip) {
      std::vector<TermId> inner;
      for (const InetTreeId port : tree(principal).ports)
        inner.push_back(value(port, kOutput, kOutside));
      ports.push_back(terms_.app(functor(principal), inner));
    } else {
      ports.push_back(value(principal, kInput, atom));
    }
    for (std::size_t i = 0; i < tree(destructor).ports.size(); ++i) {
      const Sign sign{agent(destructor).ports[i], flip};
      ports.push_back(value(tree(destructor).ports[i], sign, atom));
    }
    clause_.atoms.push_back(terms_.app(functor(destructor), ports));
    return ok_;
  }

  Symbol functor(InetTreeId id) {
    const InetTree& node = tree(id);
    return terms_.atom(node.ports.empty() ? unlike_marks(node.name, {"end"}) : node.name);
  }

  // The term at a port of the given sign. Agents wait on a stack for their ports.
  TermId value(InetTreeId root, Sign sign, std::size_t atom) {
    struct Open {
      InetTreeId id;
      std::size_t next, base;
    };
    std::vector<Open> open;
    std::vector<TermId> made;
    const auto visit = [&](InetTreeId id, Sign at) {
      id = resolve(id);
      if (is_wire(id)) {
        add_end(wire(id), at, atom);
        made.push_back(terms_.var(wire(id).variable));
        return;
      }
      if (is_destructor(id)) {
        ok_ = fail(tree(id).span,
                   fmt::format("'{}' is a destructor and stands for no value", tree(id).name),
                   "join it by a wire: AGENT(...) >< TREE");
      } else if (!visited_.insert(id).second) {
        ok_ = fail(tree(id).span, "this value contains itself");
      } else {
        if (!polarity_.unify(at, kInput))
          ok_ = fail(tree(id).span, "a value stands at an output", not_polarised());
        open.push_back({id, 0, made.size()});
        return;
      }
      made.push_back(terms_.constant("end"));  // anything: there is a problem
    };
    visit(root, sign);
    while (!open.empty()) {
      Open& top = open.back();
      if (top.next < tree(top.id).ports.size()) {
        visit(tree(top.id).ports[top.next++], kInput);
        continue;
      }
      const TermId whole = terms_.app(functor(top.id), std::span(made).subspan(top.base));
      made.resize(top.base);
      made.push_back(whole);
      open.pop_back();
    }
    return made.back();
  }

  static std::string not_polarised() {
    return "the net is not polarised: a wire must lead from an output (a constructor's principal "
           "port) to an input, else popping a goal would have to guess an agent";
  }

  void add_end(Wire& w, Sign sign, std::size_t atom) {
    w.ends.push_back({sign, atom});
    if (w.count == 1) {
      if (!polarity_.unify(sign, kOutput))
        ok_ = fail(w.span, fmt::format("the input '{}' is open", w.name),
                   "give it a value; popping a goal would have to guess one");
      return;
    }
    if (w.ends.size() < 2) return;
    const End &a = w.ends[0], &b = w.ends[1];
    if (!polarity_.oppose(a.sign, b.sign)) {
      ok_ = fail(w.span,
                 fmt::format("the wire '{}' joins two {}", w.name,
                             polarity_.is_output(a.sign) ? "outputs" : "inputs"),
                 not_polarised());
    } else if (a.atom != kOutside && b.atom != kOutside) {
      clause_.wires.emplace_back(a.atom, b.atom);
      clause_.signs.emplace_back(a.sign, b.sign);
    }
  }

  Clause finish(const InetWiring& wiring) {
    for (const InetConnection& c : wiring.connections) {
      if (!c.active) continue;
      const bool turned = is_destructor(c.right);
      add_atom(turned ? c.right : c.left, turned ? c.left : c.right, Side::body);
    }
    for (const auto& [output, is] : outputs_) {
      const TermId made = value(is, kInput, kOutside);
      clause_.equations.push_back(terms_.equate(terms_.var(wire(output).variable), made));
    }
    for (const InetConnection& c : wiring.connections) {
      for (const InetTreeId side : {c.left, c.right}) {
        if (!c.active && !is_wire(side) && !visited_.contains(side) && ok_)
          ok_ = fail(tree(side).span, "this value contains itself");
      }
    }
    return ok_ ? std::move(clause_) : Clause{};
  }

  Translation& t_;
  Terms& terms_;
  const InetProgram& program_;
  const Agents& agents_;
  Polarity& polarity_;
  bool in_rule_ = true, ok_ = true;
  Clause clause_;
  std::vector<Wire> wires_;
  std::unordered_map<std::string, std::size_t> index_;
  std::set<InetTreeId> visited_;
  std::vector<std::pair<InetTreeId, InetTreeId>> outputs_;  // a net's output, and its value
};

class InetTranslator {
 public:
  InetTranslator(Translation& t, const InetProgram& program)
      : t_(t), program_(program), goals_(t.terms.location("g")) {}

  void translate() {
    if (!declare_agents()) return;
    std::vector<Clause> rules, nets;
    for (const InetRule& rule : program_.rules)
      rules.push_back(ClauseBuilder(t_, program_, agents_, polarity_).rule(rule));
    for (const InetWiring& net : program_.nets)
      nets.push_back(ClauseBuilder(t_, program_, agents_, polarity_).net(net));
    if (!t_.problems.empty()) return;
    emit(rules, nets);
  }

 private:
  bool declare_agents() {
    std::set<std::pair<std::string, std::string>> pairs;
    for (const InetRule& rule : program_.rules) {
      const InetTree &d = program_.trees[rule.destructor], &c = program_.trees[rule.constructor];
      declare(d, Agent::Kind::destructor);
      declare(c, Agent::Kind::constructor);
      if (!pairs.emplace(d.name, c.name).second)
        t_.problems.error(rule.span, fmt::format("a second rule for {} >< {}", d.name, c.name),
                          "two agents interact in one way");
    }
    for (const InetTree& tree : program_.trees) {
      if (!tree.applied && !agents_.contains(tree.name)) continue;  // a wire
      const auto known = agents_.find(tree.name);
      declare(tree, known == agents_.end() ? Agent::Kind::constructor : known->second.kind);
    }
    for (const InetRule& rule : program_.rules) check_head(rule);
    return t_.problems.empty();
  }

  void declare(const InetTree& tree, Agent::Kind kind) {
    const auto [place, fresh] = agents_.try_emplace(tree.name, Agent{kind, tree.ports.size()});
    Agent& agent = place->second;
    if (agent.kind != kind) {
      t_.problems.error(tree.span,
                        fmt::format("'{}' stands on both sides of '><' in rules", tree.name),
                        "the net is not polarised: an agent is either a constructor (right) or a "
                        "destructor (left)");
    } else if (agent.arity != tree.ports.size()) {
      t_.problems.error(tree.span, fmt::format("'{}' has {} ports here and {} elsewhere", tree.name,
                                               tree.ports.size(), agent.arity));
    }
    if (!fresh || kind != Agent::Kind::destructor) return;
    for (std::size_t i = 0; i < agent.arity; ++i) agent.ports.push_back(polarity_.add());
  }

  void check_head(const InetRule& rule) {
    for (const InetTreeId side : {rule.destructor, rule.constructor}) {
      for (const InetTreeId port : program_.trees[side].ports) {
        const InetTree& tree = program_.trees[port];
        if (tree.applied || agents_.contains(tree.name))
          t_.problems.error(tree.span, "expected a wire: the ports left of '=>' are wires");
      }
    }
  }

  // Atoms in an order in which every producer comes before its consumers.
  std::vector<std::size_t> schedule(const Clause& clause, std::size_t first) {
    const std::size_t n = clause.atoms.size();
    std::vector<std::vector<std::size_t>> consumers(n);
    std::vector<std::size_t> waits(n, 0);
    for (std::size_t i = 0; i < clause.wires.size(); ++i) {
      auto [from, to] = clause.wires[i];
      if (!polarity_.is_output(clause.signs[i].first)) std::swap(from, to);
      consumers[from].push_back(to);
      ++waits[to];
    }
    std::set<std::size_t> ready;
    for (std::size_t i = first; i < n; ++i)
      if (waits[i] == 0) ready.insert(i);
    std::vector<std::size_t> order;
    while (!ready.empty()) {
      const std::size_t atom = *ready.begin();
      ready.erase(ready.begin());
      order.push_back(atom);
      for (const std::size_t consumer : consumers[atom])
        if (--waits[consumer] == 0) ready.insert(consumer);
    }
    if (order.size() + first < n) {
      t_.problems.error(clause.span, "the agents on the right feed each other in a circle",
                        "some agent would be popped before its input is complete");
    }
    return order;
  }

  void push_atoms(const Clause& clause, std::size_t first, std::vector<ProgramId>& parts) {
    const std::vector<std::size_t> order = schedule(clause, first);
    for (auto atom = order.rbegin(); atom != order.rend(); ++atom)
      parts.push_back(t_.terms.push(clause.atoms[*atom], goals_));
  }

  void emit(const std::vector<Clause>& rules, const std::vector<Clause>& nets) {
    Terms& terms = t_.terms;
    std::vector<ProgramId> clauses;
    for (const Clause& rule : rules) {
      std::vector<ProgramId> parts{terms.pop(goals_, rule.atoms.front())};
      push_atoms(rule, 1, parts);
      clauses.push_back(terms.fresh(rule.bound, terms.seq(parts)));
    }
    const ProgramId program = t_.define(terms.star(terms.sum(clauses)));
    const TermId end = terms.constant("end");
    for (const Clause& net : nets) {
      std::vector<ProgramId> parts{terms.push(end, goals_)};
      push_atoms(net, 0, parts);
      parts.push_back(program);
      parts.push_back(terms.pop(goals_, end));
      parts.insert(parts.end(), net.equations.begin(), net.equations.end());
      t_.ask(terms.fresh(net.bound, terms.seq(parts)));
    }
  }

  Translation& t_;
  const InetProgram& program_;
  Symbol goals_;
  Agents agents_;
  Polarity polarity_;
};

}  // namespace

void from_inet(Translation& t) {
  InetProgram program;
  read_inet(t.sources, t.file, program, t.problems);
  if (t.question) read_inet_net(t.sources, *t.question, program, t.problems);
  if (t.problems.empty()) InetTranslator(t, program).translate();
}

}  // namespace ordo::machine::rmc
