"""The MyApp operator: keeps the children of every MyApp as described and says how the app is doing."""
