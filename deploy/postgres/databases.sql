-- One database for each owner: no process can reach into another one's.
create database management;
create database hiring;
create database bonuses;
create database finance;
create database engine;
