/** Puts a text on the clipboard. */

/** Answers whether it is there. Pages that came without TLS have no clipboard of their own. */
export async function copyText(text: string): Promise<boolean> {
	try {
		await navigator.clipboard.writeText(text);
		return true;
	} catch {
		return copySelected(text);
	}
}

function copySelected(text: string): boolean {
	const area = document.createElement('textarea');
	area.value = text;
	area.setAttribute('aria-hidden', 'true');
	area.style.position = 'fixed';
	area.style.opacity = '0';
	const held = document.activeElement;
	// Inside a dialog everything outside is inert and cannot be selected.
	(held?.closest('dialog') ?? document.body).append(area);
	area.select();
	const isCopied = document.execCommand('copy');
	area.remove();
	if (held instanceof HTMLElement) held.focus();
	return isCopied;
}
