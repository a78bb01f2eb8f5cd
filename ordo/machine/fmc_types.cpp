// Inference goes down the term with the memory before it and the exits wanted from it, and with a
// list of tasks instead of recursion. All rows stay open: exits may always be enlarged, so a field
// whose memory is a variable found nowhere else says nothing.
//
// A thunk becomes a value of a data or framed type by having it over a frame that is not known
// (`rigid`), so that it has it over every frame. That it exits by nothing else, and that no unknown
// frame stands in the type that results, is checked at a definition's end.
#include "ordo/machine/fmc_types.h"

#include <algorithm>
#include <optional>
#include <unordered_map>
#include <vector>

#include <fmt/format.h>

#include "ordo/machine/fmc_type_graph.h"

namespace ordo::machine::fmc {
namespace {

using Variables = std::unordered_map<Symbol, TypeId>;

// Turns written types into nodes. Recursion is bounded by kMaxTypeDepth.
class TypeBuilder {
 public:
  TypeBuilder(const Terms& terms, const Module& module, TypeGraph& graph)
      : terms_(terms), module_(module), graph_(graph) {}

  /// Names not in `variables` are added to it.
  TypeId build(const TypeSyntax& type, Variables& variables) {
    switch (type.kind) {
      case TypeSyntax::Kind::integer:
        return graph_.make({Kind::integer});
      case TypeSyntax::Kind::string:
        return graph_.make({Kind::string});
      case TypeSyntax::Kind::variable: {
        const auto [place, fresh] = variables.try_emplace(type.name, 0);
        if (fresh) place->second = graph_.variable();
        return place->second;
      }
      case TypeSyntax::Kind::data: {
        if (std::string problem = arity_problem(terms_, module_, type); !problem.empty())
          throw Mismatch{std::move(problem)};
        TypeId list = graph_.make({Kind::none});
        for (auto a = type.arguments.rbegin(); a != type.arguments.rend(); ++a)
          list = graph_.cons(list, build(*a, variables));
        return graph_.make({Kind::data, type.name, list});
      }
      case TypeSyntax::Kind::arrow:
        break;
    }
    std::vector<Symbol> locations{kMain};
    const auto collect = [&](const MemorySyntax& memory) {
      for (const StackSyntax& stack : memory) locations.push_back(stack.location);
    };
    collect(type.before);
    for (const ExitSyntax& exit : type.exits) collect(exit.memory);
    std::sort(locations.begin(), locations.end());
    locations.erase(std::unique(locations.begin(), locations.end()), locations.end());
    TypeId exits = graph_.make({Kind::frame, kExitsEnd});
    for (auto e = type.exits.rbegin(); e != type.exits.rend(); ++e)
      exits = graph_.field(e->jump, memory(e->memory, locations, variables), exits);
    const TypeId arrow = graph_.arrow(memory(type.before, locations, variables), exits);
    return graph_.make({Kind::framed, 0, arrow});
  }

  /// A value of the type, with fresh arguments.
  TypeId fresh_data(const DataType& type) {
    TypeId list = graph_.make({Kind::none});
    for (std::size_t i = 0; i < type.parameters.size(); ++i)
      list = graph_.cons(list, graph_.variable());
    return graph_.make({Kind::data, type.name, list});
  }
  /// What the type's parameters stand for in `data`.
  Variables parameters(const DataType& type, TypeId data) {
    Variables variables;
    TypeId at = graph_[data].first;
    for (const Symbol parameter : type.parameters) {
      variables.emplace(parameter, graph_[at].second);
      at = graph_[at].first;
    }
    return variables;
  }
  /// A stack with a constructor's arguments on it, the last one lowest.
  TypeId with_arguments(TypeId stack, const Constructor& made, Variables& variables) {
    for (auto a = made.arguments.rbegin(); a != made.arguments.rend(); ++a)
      stack = graph_.cons(stack, build(*a, variables));
    return stack;
  }
  /// What running a value of type `data` does: the exits by its constructors. `open` gives frames.
  TypeId unfold(TypeId data, const std::function<TypeId(Symbol)>& open) {
    const DataType& type = *module_.find_data(graph_[data].label);
    Variables variables = parameters(type, data);
    const TypeId stack = open(kMain), rest = open(kRowEnd);
    TypeId exits = open(kExitsEnd);
    for (const Constructor& made : type.constructors) {
      const TypeId memory = graph_.field(kMain, with_arguments(stack, made, variables), rest);
      exits = graph_.field(made.name, memory, exits);
    }
    return graph_.arrow(graph_.field(kMain, stack, rest), exits);
  }

 private:
  TypeId memory(const MemorySyntax& syntax, const std::vector<Symbol>& locations,
                Variables& variables) {
    TypeId row = graph_.make({Kind::frame, kRowEnd});
    for (auto location = locations.rbegin(); location != locations.rend(); ++location) {
      TypeId stack = graph_.make({Kind::frame, *location});
      for (const StackSyntax& written : syntax) {
        if (written.location != *location) continue;
        for (const TypeSyntax& item : written.items)
          stack = graph_.cons(stack, build(item, variables));
      }
      row = graph_.field(*location, stack, row);
    }
    return row;
  }

  const Terms& terms_;
  const Module& module_;
  TypeGraph& graph_;
};

}  // namespace

class TypeChecker::Inference {
 public:
  Inference(const Terms& terms, const Module& module)
      : terms_(terms), module_(module), graph_(terms), builder_(terms, module, graph_) {
    graph_.set_fold([this](TypeId arrow, TypeId closed) { return fold(arrow, closed); });
  }

  /// The type as a node; nullopt if problems were reported.
  std::optional<TypeId> type_of(TermId term, Diagnostics& problems) {
    try {
      return type_of(term);
    } catch (Mismatch& mismatch) {
      problems.error(place(), std::move(mismatch.message), std::move(mismatch.hint));
      return std::nullopt;
    }
  }
  /// Types the definitions before number `end` that are not typed yet.
  void generalise(std::size_t end, Diagnostics& problems) {
    for (; typed_ < std::min(end, module_.definitions().size()); ++typed_) {
      const Definition& definition = module_.definitions()[typed_];
      fallback_ = definition.span;
      schemes_[definition.name] = type_of(definition.term, problems);
    }
    fallback_ = {};
  }
  /// What was found for `part` on the way; an error elsewhere does not matter.
  std::optional<TypeId> type_at(TermId root, TermId part) {
    wanted_ = part;
    seen_.reset();
    try {
      type_of(root);
    } catch (const Mismatch&) {
    }
    wanted_.reset();
    if (seen_ && graph_.cyclic(*seen_)) return std::nullopt;
    return seen_;
  }
  std::optional<TypeId> scheme(Symbol name) const { return schemes_.at(name); }
  std::string print(TypeId type) { return print_type(terms_, graph_, type); }

 private:
  struct Task {
    enum class Kind { term, close_binder, leave_join, construct } kind = Kind::term;
    TermId term = 0;
    TypeId memory = 0;  // construct: the data type
    TypeId exits = 0;
    std::uint32_t thunk = 0;  // which thunk's body the term is in
    Symbol caught = kSkip;    // the constructor or literal that the joins around it catch
  };
  struct Folded {
    TypeId exits;
    std::vector<Symbol> allowed;
    std::string type;
    TermId at;
  };

  Span place() const {
    const Span span = terms_.span(current_);
    return span == Span{} ? fallback_ : span;
  }

  TypeId type_of(TermId term) {
    const TypeId memory = graph_.variable(), exits = graph_.variable();
    const TypeId arrow = graph_.arrow(memory, exits);
    environment_.clear();
    in_force_.clear();
    folded_.clear();
    annotated_.clear();
    thunks_ = 0;
    tasks_.assign(1, {Task::Kind::term, term, memory, exits});
    while (!tasks_.empty()) {
      const Task task = tasks_.back();
      tasks_.pop_back();
      if (task.kind == Task::Kind::close_binder) {
        environment_.pop_back();
      } else if (task.kind == Task::Kind::leave_join) {
        --in_force_[key(task.thunk, task.caught)];
      } else {
        current_ = task.term;
        task.kind == Task::Kind::construct ? construct(task) : check(task);
      }
    }
    check_folded(arrow);
    current_ = term;
    if (graph_.cyclic(arrow)) {
      throw Mismatch{
          "this term has no simple type: a value would have to contain itself (occurs check)"};
    }
    return arrow;
  }

  void check(const Task& task) {
    const Node& node = terms_[task.term];
    if (task.term == wanted_ && node.op != Op::pop)
      seen_ = node.op == Op::bound ? environment_[environment_.size() - 1 - node.label]
                                   : graph_.arrow(task.memory, task.exits);
    switch (node.op) {
      case Op::bound:
        return run(task, environment_[environment_.size() - 1 - node.label]);
      case Op::free:
        return graph_.unify(graph_.arrow(task.memory, task.exits), global(node.label));
      case Op::jump:
        return leave(node.label, task.memory, task.exits);
      case Op::push: {
        const auto [stack, rest] = graph_.expose(task.memory, node.label);
        const Task value_task = value(node.first);
        Task more = task;
        more.term = node.second;
        more.memory = graph_.field(node.label, graph_.cons(stack, value_type_), rest);
        more.caught = kSkip;
        tasks_.push_back(more);
        if (value_task.thunk != 0) tasks_.push_back(value_task);
        return;
      }
      case Op::pop: {
        const auto [stack, rest] = graph_.expose(task.memory, node.label);
        const TypeSyntax* written = terms_.annotation(node.first);
        const TypeId below = graph_.variable();
        const TypeId top =
            written == nullptr ? graph_.variable() : builder_.build(*written, annotated_);
        if (task.term == wanted_) seen_ = top;
        graph_.unify(graph_.cons(below, top), stack);
        tasks_.push_back({Task::Kind::close_binder});
        Task more = task;
        more.term = node.second;
        more.memory = graph_.field(node.label, below, rest);
        more.caught = kSkip;
        tasks_.push_back(more);
        environment_.push_back(top);
        return;
      }
      case Op::join:
      case Op::loop:
        return handle(task, node);
    }
  }

  // A join or a loop: what its jump exits with is what the handler, or the loop again, takes.
  void handle(const Task& task, const Node& node) {
    const TypeId between = node.op == Op::loop ? task.memory : graph_.variable();
    const TypeId others = graph_.expose(task.exits, node.label).second;
    const Symbol any = literal_kind(node.label);
    // Any other number may leave by the same way, with the same memory.
    if (any != kSkip) graph_.unify(graph_.expose(others, any).first, between);
    if (node.op == Op::join) {
      Task handler = task;
      handler.term = node.second;
      handler.memory = between;
      handler.caught = kSkip;
      tasks_.push_back(handler);
    }
    tasks_.push_back({Task::Kind::leave_join, 0, 0, 0, task.thunk, node.label});
    ++in_force_[key(task.thunk, node.label)];
    Task body = task;
    body.term = node.first;
    body.exits = graph_.field(node.label, between, others);
    if (any != kSkip || module_.data_of(node.label) != nullptr) body.caught = node.label;
    tasks_.push_back(body);
  }

  // A jump: a constructor also says what it has pushed.
  void leave(Symbol jump, TypeId memory, TypeId exits) {
    if (const DataType* type = module_.data_of(jump)) {
      Variables variables = builder_.parameters(*type, builder_.fresh_data(*type));
      const TypeId stack =
          builder_.with_arguments(graph_.variable(), constructor(*type, jump), variables);
      graph_.unify(graph_.expose(memory, kMain).first, stack);
    }
    graph_.unify(graph_.expose(exits, jump).first, memory);
  }

  // Running a variable: a thunk, a case on data or on a literal.
  void run(const Task& task, TypeId type) {
    const Symbol any = literal_kind(task.caught);
    const DataType* cased = module_.data_of(task.caught);
    if (cased != nullptr && graph_[type].kind != Kind::framed) {
      if (graph_[type].kind != Kind::data) graph_.unify(type, builder_.fresh_data(*cased));
    } else if (any != kSkip && graph_[type].kind == Kind::variable) {
      graph_.unify(type, graph_.make({any == kAnyInteger ? Kind::integer : Kind::string}));
    }
    const TypeNode node = graph_[type];
    if (node.kind == Kind::data) {
      check_cases(task, *module_.find_data(node.label));
      run_as(task, builder_.unfold(type, fresh_frames()));
    } else if (node.kind == Kind::framed) {
      run_as(task, graph_.open_frames(type, fresh_frames()));
    } else if (node.kind == Kind::integer || node.kind == Kind::string) {
      const Symbol needed = node.kind == Kind::integer ? kAnyInteger : kAnyString;
      if (any != needed) {
        throw Mismatch{
            fmt::format("{} where a thunk is needed", node.kind == Kind::integer ? "Int" : "Str"),
            "a literal is run only to choose by it: x; 0 -> ...; 1 -> ..."};
      }
      graph_.unify(graph_.expose(task.exits, needed).first, task.memory);
    } else {
      graph_.unify(type, graph_.arrow(task.memory, task.exits));
    }
  }
  void run_as(const Task& task, TypeId arrow) {
    const TypeNode made = graph_[arrow];
    graph_.unify(task.memory, made.first);
    graph_.unify(task.exits, made.second);
  }

  // One variable for each frame of a type.
  std::function<TypeId(Symbol)> fresh_frames() {
    return [this, known = Variables()](Symbol label) mutable {
      const auto [place, fresh] = known.try_emplace(label, 0);
      if (fresh) place->second = graph_.variable();
      return place->second;
    };
  }

  // A case that handles some constructors must handle all.
  void check_cases(const Task& task, const DataType& type) {
    std::string missing;
    std::size_t handled = 0;
    for (const Constructor& made : type.constructors) {
      const auto found = in_force_.find(key(task.thunk, made.name));
      if (found != in_force_.end() && found->second > 0) {
        ++handled;
      } else {
        missing += (missing.empty() ? "" : ", ") + terms_.text(made.name);
      }
    }
    if (handled == 0 || missing.empty()) return;
    throw Mismatch{
        fmt::format("the case on {} does not handle {}", terms_.text(type.name), missing),
        "each constructor needs a join '; Constructor -> ...' around the variable"};
  }

  // The type of a pushed term, in value_type_, and what is still to be checked of it (thunk 0:
  // nothing).
  Task value(TermId term) {
    const Node& node = terms_[term];
    if (node.op == Op::bound) {
      value_type_ = environment_[environment_.size() - 1 - node.label];
      if (term == wanted_) seen_ = value_type_;
      return {};
    }
    if (const Symbol any = node.op == Op::jump ? literal_kind(node.label) : kSkip; any != kSkip) {
      value_type_ = graph_.make({any == kAnyInteger ? Kind::integer : Kind::string});
      return {};
    }
    if (const DataType* type = constructed(term)) {
      value_type_ = builder_.fresh_data(*type);
      return {Task::Kind::construct, term, value_type_, 0, ++thunks_, kSkip};
    }
    const TypeId memory = graph_.variable(), exits = graph_.variable();
    value_type_ = graph_.make({Kind::arrow, 1, memory, exits});
    return {Task::Kind::term, term, memory, exits, ++thunks_, kSkip};
  }

  // The type of `[vn]...[v1].C` with all of C's arguments, else nullptr.
  const DataType* constructed(TermId term) const {
    if (module_.data().empty()) return nullptr;
    std::size_t pushed = 0;
    for (; terms_[term].op == Op::push && terms_[term].label == kMain && pushed < 1000; ++pushed)
      term = terms_[term].second;
    if (terms_[term].op != Op::jump) return nullptr;
    const DataType* type = module_.data_of(terms_[term].label);
    if (type == nullptr) return nullptr;
    return constructor(*type, terms_[term].label).arguments.size() == pushed ? type : nullptr;
  }
  const Constructor& constructor(const DataType& type, Symbol name) const {
    const auto& all = type.constructors;
    return *std::find_if(all.begin(), all.end(), [&](const auto& c) { return c.name == name; });
  }

  void construct(const Task& task) {
    std::vector<TermId> pushed;
    TermId at = task.term;
    for (; terms_[at].op == Op::push; at = terms_[at].second) pushed.push_back(terms_[at].first);
    const DataType& type = *module_.data_of(terms_[at].label);
    Variables variables = builder_.parameters(type, task.memory);
    for (const TypeSyntax& wanted : constructor(type, terms_[at].label).arguments) {
      current_ = pushed.back();
      if (const Task more = value(pushed.back()); more.thunk != 0) tasks_.push_back(more);
      pushed.pop_back();
      graph_.unify(value_type_, builder_.build(wanted, variables));
    }
  }

  // A thunk becomes a value of a data or framed type: it has to be that over any frame.
  TypeId fold(TypeId arrow, TypeId closed) {
    Folded made{graph_[arrow].second, {}, {}, current_};
    const auto number = static_cast<TypeId>(folded_.size());
    Variables known;
    const auto open = [&](Symbol label) {
      const auto [place, fresh] = known.try_emplace(label, 0);
      if (!fresh) return place->second;
      if (label == kExitsEnd) return place->second = graph_.variable();
      const Kind kind = label == kRowEnd ? Kind::rigid_rest : Kind::rigid;
      return place->second = graph_.make({kind, label, number});
    };
    const bool is_data = graph_[closed].kind == Kind::data;
    const TypeId opened =
        is_data ? builder_.unfold(closed, open) : graph_.open_frames(closed, open);
    made.type = is_data ? terms_.text(graph_[closed].label) : "its annotation";
    for (TypeId row = graph_[opened].second; graph_[row].kind == Kind::field;
         row = graph_[row].second)
      made.allowed.push_back(graph_[row].label);
    folded_.push_back(std::move(made));
    return opened;
  }

  void check_folded(TypeId arrow) {
    if (folded_.empty()) return;
    for (const Folded& made : folded_) {
      current_ = made.at;
      for (TypeId row = made.exits; graph_[row].kind == Kind::field; row = graph_[row].second) {
        const TypeNode exit = graph_[row];
        const auto& allowed = made.allowed;
        const bool says_nothing = graph_[exit.first].kind == Kind::variable;
        if (says_nothing || std::find(allowed.begin(), allowed.end(), exit.label) != allowed.end())
          continue;
        const std::string name = exit.label == kAnyInteger  ? "any Int"
                                 : exit.label == kAnyString ? "any Str"
                                                            : terms_.text(exit.label);
        throw Mismatch{fmt::format("this thunk may also exit by {}, which {} does not allow", name,
                                   made.type)};
      }
    }
    graph_.references(arrow).for_each([&](TypeId id, std::uint32_t) {
      if (graph_[id].kind != Kind::rigid && graph_[id].kind != Kind::rigid_rest) return;
      const Folded& made = folded_[graph_[id].first];
      current_ = made.at;
      throw Mismatch{fmt::format("this thunk does not work on every stack, as {} needs", made.type),
                     "give the variables that it uses their types where they are bound"};
    });
  }

  TypeId global(Symbol name) {
    if (module_.find(name) != nullptr) {
      const auto found = schemes_.find(name);
      if (found == schemes_.end())
        throw Mismatch{fmt::format("'{}' is defined only later", terms_.text(name))};
      // What has no type was reported; it fits everywhere.
      return found->second ? graph_.instantiate(*found->second) : graph_.variable();
    }
    const Primitive* primitive = terms_.primitive(name);
    if (primitive == nullptr)
      throw Mismatch{fmt::format("the name '{}' has no definition", terms_.text(name))};
    return primitive_type(*primitive);
  }

  TypeId primitive_type(Primitive p) {
    const auto integer = [&] { return graph_.make({Kind::integer}); };
    const auto string = [&] { return graph_.make({Kind::string}); };
    const bool strings = p == Primitive::cat || p == Primitive::len;
    const TypeId below = graph_.variable(), rest = graph_.variable();
    TypeId stack = below;
    for (int i = 0; i < arity(p); ++i) {
      stack = graph_.cons(stack, p == Primitive::show ? graph_.variable()
                                 : strings            ? string()
                                                      : integer());
    }
    TypeId result = integer();
    if (p == Primitive::cat || p == Primitive::show) result = string();
    if (p >= Primitive::eq && p <= Primitive::gt) result = boolean();
    TypeId exits = graph_.variable();
    if (p == Primitive::div || p == Primitive::mod)
      exits = graph_.field(terms_.division_by_zero(), graph_.field(kMain, below, rest), exits);
    const TypeId after = graph_.field(kMain, graph_.cons(below, result), rest);
    return graph_.arrow(graph_.field(kMain, stack, rest), graph_.field(kSkip, after, exits));
  }
  // What comparisons leave: the thunk True or False, a value of the data type if there is one with
  // just these constructors.
  TypeId boolean() {
    const DataType* type = module_.data_of(terms_.true_jump());
    if (type != nullptr && type == module_.data_of(terms_.false_jump()) &&
        type->constructors.size() == 2 && type->parameters.empty() &&
        type->constructors[0].arguments.empty() && type->constructors[1].arguments.empty())
      return builder_.fresh_data(*type);
    const TypeId memory = graph_.variable();
    const TypeId exits = graph_.field(terms_.true_jump(), memory, graph_.variable());
    return graph_.make({Kind::arrow, 1, memory, graph_.field(terms_.false_jump(), memory, exits)});
  }

  // kAnyInteger or kAnyString for a literal, else kSkip.
  Symbol literal_kind(Symbol jump) const {
    const std::string& text = terms_.text(jump);
    return is_integer(text) ? kAnyInteger : is_string(text) ? kAnyString : kSkip;
  }
  static std::uint64_t key(std::uint32_t thunk, Symbol jump) {
    return (std::uint64_t{thunk} << 32) | jump;
  }

  const Terms& terms_;
  const Module& module_;
  TypeGraph graph_;
  TypeBuilder builder_;
  std::vector<Task> tasks_;
  std::vector<TypeId> environment_;
  std::unordered_map<std::uint64_t, int> in_force_;  // handlers around the term, by thunk and jump
  std::vector<Folded> folded_;
  Variables annotated_;  // the type variables that annotations name
  std::uint32_t thunks_ = 0;
  TypeId value_type_ = 0;
  std::optional<TermId> wanted_;  // the part that type_at asks for
  std::optional<TypeId> seen_;
  TermId current_ = 0;  // where a Mismatch happens
  Span fallback_;       // where it is reported if the term has no place
  std::unordered_map<Symbol, std::optional<TypeId>> schemes_;
  std::size_t typed_ = 0;
};

TypeChecker::TypeChecker(const Terms& terms, const Module& module)
    : inference_(std::make_unique<Inference>(terms, module)) {}
TypeChecker::~TypeChecker() = default;

std::string TypeChecker::type_of(TermId term, Diagnostics& problems) {
  inference_->generalise(~std::size_t{0}, problems);
  const auto type = inference_->type_of(term, problems);
  return type ? inference_->print(*type) : std::string();
}

std::string TypeChecker::type_of(const Definition& definition, Diagnostics& problems) {
  inference_->generalise(~std::size_t{0}, problems);
  const auto type = inference_->scheme(definition.name);
  return type ? inference_->print(*type) : std::string();
}

std::string TypeChecker::type_at(TermId root, TermId part) {
  const SourceMap none;
  Diagnostics ignored(none);
  inference_->generalise(~std::size_t{0}, ignored);
  const auto type = inference_->type_at(root, part);
  return type ? inference_->print(*type) : std::string();
}

std::string infer(const Terms& terms, const Module& module, TermId term, Diagnostics& problems) {
  return TypeChecker(terms, module).type_of(term, problems);
}

}  // namespace ordo::machine::fmc
