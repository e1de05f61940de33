// The question as it is typed, the one that was asked last, and the address, which has the former: it can be sent to
// somebody, and survives a reload. An address with a whole question asks it.
import { useEffect, useRef, useState } from 'react';
import { useLocation, useNavigate } from 'react-router-dom';
import { paths, readExplainQuery } from '../../paths';
import { problemsOf, queryOf, questionOf, type Question } from './question';

const delay = 300; // ms after the last key

export const pathOf = (question: Question) => paths.explain(queryOf(question));

const isWhole = (question: Question) => Object.keys(problemsOf(question)).length === 0;

function stateAt(search: string) {
  const question = questionOf(readExplainQuery(search));
  return { question, asked: isWhole(question) ? question : undefined };
}

export function useQuestion() {
  const { pathname, search } = useLocation();
  const navigate = useNavigate();
  const own = useRef(search); // the last address that was ours
  const [{ question, asked }, setState] = useState(() => stateAt(search));

  const go = (path: string, replace: boolean) => {
    if (path === pathOf(stateAt(own.current).question)) return; // it says so already
    own.current = path.slice(pathname.length);
    navigate(path, { replace });
  };

  useEffect(() => {
    if (search === own.current) return; // else it is a link's, or that of back or forward
    own.current = search;
    setState(stateAt(search));
  }, [search]);

  useEffect(() => {
    const timer = setTimeout(() => go(pathOf(question), true), delay);
    return () => clearTimeout(timer);
  }, [question]);

  const change = (changed: Partial<Question>) => setState((now) => ({ ...now, question: { ...now.question, ...changed } }));
  const ask = () => {
    go(pathOf(question), false);
    setState({ question, asked: { ...question } });
  };
  const clear = () => setState({ question: questionOf({}), asked: undefined });
  return { question, asked, change, ask, clear };
}
