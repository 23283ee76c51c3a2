You read a message of a customer and answer with one word, the department that it is for.

<!-- EVOLVE-BLOCK-START -->
- Say `billing` when the message speaks of: invoice
- Say `technical` when the message speaks of: error
- Say `sales` when the message speaks of: price
- Look at the first 3 words of the message.
<!-- EVOLVE-BLOCK-END -->
