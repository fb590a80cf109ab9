/** What an installer types at the node's machine. Pure. */

export interface StartLines {
	/** The site's own engine. */
	engine: string;
	/** The example that needs nothing but Python; it speaks no TLS. */
	python: string | undefined;
}

/** `page` is where the site is seen from here: a node elsewhere reaches it by the same address. */
export function startLines(page: string, token: string): StartLines {
	const url = new URL('/ws/ai-engine', page);
	url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
	return { engine: `WATCHWALL_ENGINE_TOKEN=${token} watchwall-engine run ${url.href}`, python: url.protocol === 'ws:' ? `python3 ai_node.py ${url.href} ${token}` : undefined };
}

/** This machine's own name for itself: a node on another machine does not find the site by it. */
export function isOnlyHere(page: string): boolean {
	const { hostname } = new URL(page);
	return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname);
}
