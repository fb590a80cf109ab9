/** Whether the wall fills the whole window, with the navigation out of the way. */
class Stage {
	isFull = $state(false);
}

export const stage = new Stage();
