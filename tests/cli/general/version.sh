tracebraid --version | grep -Ex 'tracebraid [0-9]+\.[0-9]+\.[0-9]+'
