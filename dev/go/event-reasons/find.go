package main

import (
	"go/ast"
	"go/constant"
	"go/types"
	"maps"
	"regexp"
	"slices"
)

var (
	recording = map[string]bool{"Event": true, "Eventf": true, "AnnotatedEventf": true}
	verb      = regexp.MustCompile(`%[+#]?[a-z]`)
)

// find gives the reasons of each part, and of each reason the types it is
// written with, as far as they are known. A reason that cannot be told from the
// sources stands as "?" and its expression.
func find(loaded *sources, parts []part) map[string]map[string][]string {
	search := &search{newIndex(loaded), make(map[string]map[string]map[string]bool), nil}
	for called, calls := range search.calls {
		reason, kind := recorded(called)
		if reason < 0 {
			continue
		}
		for _, each := range calls {
			if len(each.Args) > max(reason, kind) {
				search.resolve(term{each.Args[reason], 0, each.path}, term{each.Args[kind], 0, each.path})
			}
		}
	}
	result := make(map[string]map[string][]string)
	for name, reasons := range search.found {
		result[name] = make(map[string][]string)
		for reason, kinds := range reasons {
			result[name][reason] = slices.AppendSeq([]string{}, maps.Keys(kinds))
			slices.Sort(result[name][reason])
		}
	}
	return result
}

// recorded says which parameters of a recorder's method are the reason and the
// type, -1 if it is no such method. The recorders of both libraries name them
// alike, at different places.
func recorded(called types.Object) (reason, kind int) {
	reason, kind = -1, -1
	function, ok := called.(*types.Func)
	if !ok || !recording[function.Name()] || function.Signature().Recv() == nil {
		return
	}
	signature := function.Signature()
	if !types.IsInterface(signature.Recv().Type()) {
		return
	}
	for i := range signature.Params().Len() {
		switch signature.Params().At(i).Name() {
		case "reason":
			reason = i
		case "eventtype":
			kind = i
		}
	}
	return
}

type search struct {
	*index
	found map[string]map[string]map[string]bool // part, reason, type
	open  []types.Object                        // what is being followed, against circles
}

// resolve notes the values of a reason with those of the type written with it.
// Where a function was given both, they are taken together from each call.
func (s *search) resolve(reason, kind term) {
	variable := s.object(reason.expr)
	if owner := s.owners[variable]; owner != nil && !slices.Contains(s.open, variable) && s.given[variable] == nil {
		s.open = append(s.open, variable)
		for _, each := range s.callers(owner) {
			given := kind
			if other := s.object(kind.expr); s.owners[other] == owner {
				given = s.argument(each, s.places[other])
			}
			s.resolve(s.argument(each, s.places[variable]), given)
		}
		s.open = s.open[:len(s.open)-1]
		return
	}
	kinds := s.values(kind)
	for value, path := range s.values(reason) {
		// What has no reason says that all is well, and is not written.
		for written := range kinds {
			if value != "" {
				s.note(path, value, written)
			}
		}
	}
}

func (s *search) note(path, reason, kind string) {
	name := partOf(path, s.parts)
	if s.found[name] == nil {
		s.found[name] = make(map[string]map[string]bool)
	}
	if s.found[name][reason] == nil {
		s.found[name][reason] = make(map[string]bool)
	}
	if kind == "Normal" || kind == "Warning" {
		s.found[name][reason][kind] = true
	}
}

// callers are the calls that may reach a function, or what a variable holds.
func (s *search) callers(called types.Object) []call {
	function, ok := called.(*types.Func)
	if !ok {
		return s.calls[called]
	}
	var found []call
	for _, each := range s.alike(function) {
		found = append(found, s.calls[each]...)
		for _, variable := range s.passed[each] {
			found = append(found, s.calls[variable]...)
		}
	}
	return found
}

func (s *search) argument(made call, place int) term {
	if place >= len(made.Args) {
		return term{ast.NewIdent("missing"), 0, made.path}
	}
	return term{made.Args[place], 0, made.path}
}

// values are the strings that an expression may be, each with the package that
// says so. "*" stands within one for what is known only when it runs.
func (s *search) values(of term) map[string]string {
	if value := s.info.Types[of.expr].Value; value != nil && value.Kind() == constant.String {
		return map[string]string{constant.StringVal(value): of.path}
	}
	switch expr := of.expr.(type) {
	case *ast.ParenExpr:
		return s.values(term{expr.X, of.result, of.path})
	case *ast.BinaryExpr:
		return s.joined(expr, of)
	case *ast.CallExpr:
		return s.returned(expr, of)
	case *ast.Ident, *ast.SelectorExpr:
		if variable, ok := s.object(expr).(*types.Var); ok {
			return s.held(variable, of)
		}
	}
	return unknown(of)
}

// merge adds values to those found; of two packages that say the same, always
// the same one is kept.
func merge(found, values map[string]string) {
	for value, path := range values {
		if known, ok := found[value]; !ok || path < known {
			found[value] = path
		}
	}
}

func unknown(of term) map[string]string {
	return map[string]string{"?" + types.ExprString(of.expr): of.path}
}

func (s *search) joined(expr *ast.BinaryExpr, of term) map[string]string {
	found := make(map[string]string)
	for left := range s.values(term{expr.X, 0, of.path}) {
		for right := range s.values(term{expr.Y, 0, of.path}) {
			found[left+right] = of.path
		}
	}
	return found
}

func (s *search) returned(made *ast.CallExpr, of term) map[string]string {
	if s.info.Types[made.Fun].IsType() {
		return s.values(term{made.Args[0], 0, of.path})
	}
	if types.ExprString(made.Fun) == "fmt.Sprintf" {
		if format := s.info.Types[made.Args[0]].Value; format != nil {
			return map[string]string{s.formatted(constant.StringVal(format), made.Args[1:]): of.path}
		}
	}
	function, ok := s.object(made.Fun).(*types.Func)
	if !ok || slices.Contains(s.open, types.Object(function)) {
		return unknown(of)
	}
	s.open = append(s.open, function)
	defer func() { s.open = s.open[:len(s.open)-1] }()
	found := make(map[string]string)
	for _, each := range s.alike(function) {
		if body := s.bodies[each]; body != nil && body.Body != nil && givesText(each, of.result) {
			merge(found, s.results(each, body, of.result))
		}
	}
	if len(found) == 0 {
		return unknown(of)
	}
	return found
}

// givesText says whether a result of a function is a string.
func givesText(function *types.Func, place int) bool {
	results := function.Signature().Results()
	if place >= results.Len() {
		return false
	}
	basic, ok := results.At(place).Type().Underlying().(*types.Basic)
	return ok && basic.Info()&types.IsString != 0
}

// formatted gives what fmt.Sprintf would, as far as it is known.
func (s *search) formatted(format string, arguments []ast.Expr) string {
	place := -1
	return verb.ReplaceAllStringFunc(format, func(string) string {
		place++
		if place < len(arguments) {
			if value := s.info.Types[arguments[place]].Value; value != nil && value.Kind() == constant.String {
				return constant.StringVal(value)
			}
		}
		return "*"
	})
}

// results are the values of one result of a function.
func (s *search) results(function *types.Func, declared *ast.FuncDecl, place int) map[string]string {
	found := make(map[string]string)
	path := s.paths[function]
	ast.Inspect(declared.Body, func(node ast.Node) bool {
		switch node := node.(type) {
		case *ast.FuncLit:
			return false
		case *ast.ReturnStmt:
			switch {
			case len(node.Results) > place && len(node.Results) == function.Signature().Results().Len():
				merge(found, s.values(term{node.Results[place], 0, path}))
			case len(node.Results) == 1:
				merge(found, s.values(term{node.Results[0], place, path}))
			case len(node.Results) == 0 && place < function.Signature().Results().Len():
				merge(found, s.held(function.Signature().Results().At(place), term{declared.Name, 0, path}))
			}
		}
		return true
	})
	return found
}

// held are the values that a variable, a field or a parameter is given.
func (s *search) held(variable *types.Var, of term) map[string]string {
	if slices.Contains(s.open, types.Object(variable)) {
		return nil
	}
	s.open = append(s.open, variable)
	defer func() { s.open = s.open[:len(s.open)-1] }()
	found := make(map[string]string)
	for _, each := range s.given[variable] {
		merge(found, s.values(each))
	}
	if owner := s.owners[variable]; owner != nil {
		for _, each := range s.callers(owner) {
			merge(found, s.values(s.argument(each, s.places[variable])))
		}
	}
	if len(found) == 0 {
		return unknown(of)
	}
	return found
}
